"""What is held about a saver: handed out, erased, and let go of when its time is over."""
