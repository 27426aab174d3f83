"""curl 8.14: options, transfers, what is printed and when.

``options`` reads the command line, ``location`` URLs, ``transfer`` moves one request over the simulated network,
``meter`` draws the progress meter and ``write_out`` fills ``-w``; ``command`` is the program.
"""

from kubesim.programs.curl.command import curl, curl_entrypoint

__all__ = ["curl", "curl_entrypoint"]
