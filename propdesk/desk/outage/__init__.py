"""停电包: what it holds, the screen that settles its blank forms, the command that needs no broker."""
