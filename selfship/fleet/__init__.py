"""Several hosts certified side by side: each by the command itself, in a process and a folder of its own."""
