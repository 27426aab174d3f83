"""What ``curl --help`` and ``curl --version`` print."""

_OPTIONS = (
    ("-d, --data <data>", "HTTP POST data"),
    ("-f, --fail", "Fail fast with no output on HTTP errors"),
    ("-h, --help <subject>", "Get help for commands"),
    ("-o, --output <file>", "Write to file instead of stdout"),
    ("-O, --remote-name", "Write output to file named as remote file"),
    ("-i, --show-headers", "Show response headers in output"),
    ("-s, --silent", "Silent mode"),
    ("-T, --upload-file <file>", "Transfer local FILE to destination"),
    ("-u, --user <user:password>", "Server user and password"),
    ("-A, --user-agent <name>", "Send User-Agent <name> to server"),
    ("-v, --verbose", "Make the operation more talkative"),
    ("-V, --version", "Show version number and quit"),
)
_CATEGORIES = (
    "auth, connection, curl, deprecated, dns, file, ftp, global, http, imap, ldap, \n"
    "output, pop3, post, proxy, scp, sftp, smtp, ssh, telnet, tftp, timeout, tls, \n"
    "upload, verbose.\n"
)
HELP = (
    "Usage: curl [options...] <url>\n"
    + "".join(f" {option:<27} {meaning}\n" for option, meaning in _OPTIONS)
    + "\nThis is not the full help; this menu is split into categories.\n"
    + 'Use "--help category" to get an overview of all categories, which are:\n'
    + _CATEGORIES
    + 'Use "--help all" to list all options\n'
    + 'Use "--help [option]" to view documentation for a given option\n'
)
VERSION = (
    "curl 8.14.1 (x86_64-pc-linux-gnu) libcurl/8.14.1 OpenSSL/3.5.7 zlib/1.3.1 brotli/1.1.0 zstd/1.5.7 libidn2/2.3.8 "
    "libpsl/0.21.2 libssh2/1.11.1 nghttp2/1.64.0 nghttp3/1.8.0 librtmp/2.3 OpenLDAP/2.6.10\n"
    "Release-Date: 2025-06-04, security patched: 8.14.1-2+deb13u7\n"
    "Protocols: dict file ftp ftps gopher gophers http https imap imaps ipfs ipns ldap ldaps mqtt pop3 pop3s rtmp rtsp "
    "scp sftp smb smbs smtp smtps telnet tftp ws wss\n"
    "Features: alt-svc AsynchDNS brotli GSS-API HSTS HTTP2 HTTP3 HTTPS-proxy IDN IPv6 Kerberos Largefile libz NTLM PSL "
    "SPNEGO SSL threadsafe TLS-SRP UnixSockets zstd\n"
)
