"""Files that savers send: judged by their content, made anew, kept in private, and deleted."""
