"""IPython in the course's environment: the course's magics are there before a notebook's set-up cell has run."""

c = get_config()  # noqa: F821 (IPython defines it)
c.InteractiveShellApp.extensions = ["kubesim.notebook.set_up"]
