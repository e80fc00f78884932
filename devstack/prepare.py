"""`flask db upgrade`, then `flask demo load`, in one process: starting the product twice takes twice as long."""

from __future__ import annotations

from flask.cli import FlaskGroup, ScriptInfo

COMMANDS = (["db", "upgrade"], ["demo", "load"])


def main() -> None:
    """Run both; an error ends the process with a traceback in its log."""
    info = ScriptInfo(app_import_path="wsgi")
    for arguments in COMMANDS:
        print("$ flask", *arguments, flush=True)
        FlaskGroup().main(args=list(arguments), obj=info, standalone_mode=False)


if __name__ == "__main__":
    main()
