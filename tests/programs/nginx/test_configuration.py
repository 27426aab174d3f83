"""nginx's configuration is read, or refused in nginx's words (``src/core/ngx_conf_file.c``)."""

import pytest

from kubesim.programs.nginx.configuration import MAIN, ConfigurationError, Configurations, read
from kubesim.userland.filesystem import Entry, FileSystem, Layer

PATH = "/etc/nginx/nginx.conf"


def files_with(text: str) -> FileSystem:
    files = FileSystem()
    files.make_directory("/etc/nginx/conf.d", parents=True)
    files.write(PATH, text)
    return files


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nosuch 1;", 'unknown directive "nosuch" in /etc/nginx/nginx.conf:1'),
        ("events {\n", 'unexpected end of file, expecting "}" in /etc/nginx/nginx.conf:2'),
        ("events {} }", 'unexpected "}" in /etc/nginx/nginx.conf:1'),
        ("worker_processes 1", 'unexpected end of file, expecting ";" or "}" in /etc/nginx/nginx.conf:1'),
        ("\n\nevents;", 'directive "events" has no opening "{" in /etc/nginx/nginx.conf:3'),
        (";", 'unexpected ";" in /etc/nginx/nginx.conf:1'),
    ],
)
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(files_with(text))
    assert str(caught.value) == problem


SITE = """events {}
http {
    server {
        %s
    }
}
"""
"""Whatever is put in stands in line 4."""
HTTP = "events {}\nhttp {\n%s\n}\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        # where a directive may stand, and with how many words
        ("listen 80;", '"listen" directive is not allowed here in {}:1'),
        ("http { events {} }", '"events" directive is not allowed here in {}:1'),
        (HTTP % "location / {}", '"location" directive is not allowed here in {}:3'),
        (HTTP % "upstream u { root /x; }", '"root" directive is not allowed here in {}:3'),
        (SITE % "location / { listen 80; }", '"listen" directive is not allowed here in {}:4'),
        (SITE % "if ($host) { proxy_pass http://a; }", '"proxy_pass" directive is not allowed here in {}:4'),
        (SITE % "worker_connections 5;", '"worker_connections" directive is not allowed here in {}:4'),
        (SITE % "lisen 80;", 'unknown directive "lisen" in {}:4'),
        (SITE % "return;", 'invalid number of arguments in "return" directive in {}:4'),
        (SITE % "return 200 a b;", 'invalid number of arguments in "return" directive in {}:4'),
        (SITE % "root /a /b;", 'invalid number of arguments in "root" directive in {}:4'),
        (SITE % "location { }", 'invalid number of arguments in "location" directive in {}:4'),
        (SITE % "server_name;", 'invalid number of arguments in "server_name" directive in {}:4'),
        (SITE % "proxy_set_header Host;", 'invalid number of arguments in "proxy_set_header" directive in {}:4'),
        (SITE % "gzip;", 'invalid number of arguments in "gzip" directive in {}:4'),
        ("events {}\ninclude;", 'invalid number of arguments in "include" directive in {}:2'),
        (SITE % "root /a {}", 'directive "root" is not terminated by ";" in {}:4'),
        (SITE % "location /;", 'directive "location" has no opening "{" in {}:4'),
        ("user nginx;", 'no "events" section in configuration'),
        # words: the line is that of what ends the directive
        (SITE % "root /a\nreturn 200;", 'invalid number of arguments in "root" directive in {}:5'),
        (SITE % 'root "/a"b;', 'unexpected "b" in {}:4'),
        (SITE % "root '/a;", 'unexpected end of file, expecting ";" or "}" in {}:7'),
        (SITE % "root /a }", 'unexpected "}" in {}:4'),
        (HTTP % "types { text/html html { } }", 'unexpected "{" in {}:3'),
        # values
        (SITE % "listen x;", 'host not found in "x" of the "listen" directive in {}:4'),
        (SITE % "listen 0;", 'invalid port in "0" of the "listen" directive in {}:4'),
        (SITE % "listen 127.0.0.1:99999;", 'invalid port in "127.0.0.1:99999" of the "listen" directive in {}:4'),
        (SITE % "listen 80 deflt;", 'invalid parameter "deflt" in {}:4'),
        (SITE % "listen 80 backlog=x;", 'invalid backlog "backlog=x" in {}:4'),
        (SITE % "return abc;", 'invalid return code "abc" in {}:4'),
        (SITE % "return 1000;", 'invalid return code "1000" in {}:4'),
        (SITE % "rewrite [ /x;", 'pcre2_compile() failed: missing terminating ] for character class in "[" in {}:4'),
        (SITE % "rewrite a)b /x;", 'pcre2_compile() failed: unmatched closing parenthesis in "a)b" at ")b" in {}:4'),
        (SITE % "location ~ ( { }", 'pcre2_compile() failed: missing closing parenthesis in "(" in {}:4'),
        (SITE % "rewrite ^/a /b lst;", 'invalid parameter "lst" in {}:4'),
        (SITE % "if $host { }", 'invalid condition "$host" in {}:4'),
        (SITE % "if ($host == a) { }", 'unexpected "==" in condition in {}:4'),
        (SITE % "if (a = b) { }", 'invalid condition "a" in {}:4'),
        (SITE % "set x 1;", 'invalid variable name "x" in {}:4'),
        (SITE % "server_name *x;", 'server name "*x" is invalid in {}:4'),
        (SITE % "server_name ~;", 'empty regex in server name "~" in {}:4'),
        (SITE % "location ! / { }", 'invalid location modifier "!" in {}:4'),
        (SITE % "location = /a { location /a/b { } }",
         'location "/a/b" cannot be inside the exact location "/a" in {}:4'),
        (SITE % "location /a { location /b { } }", 'location "/b" is outside location "/a" in {}:4'),
        (SITE % "location / { location @x { } }", 'named location "@x" can be on the server level only in {}:4'),
        (SITE % "location / { proxy_pass web; }", "invalid URL prefix in {}:4"),
        (SITE % "location / { proxy_pass http://a:x/; }", 'invalid port in upstream "a:x/" in {}:4'),
        (SITE % "error_page abc /x;", 'invalid value "abc" in {}:4'),
        (SITE % "error_page 200 /x;", 'value "200" must be between 300 and 599 in {}:4'),
        (SITE % "gzip maybe;", 'invalid value "maybe" in "gzip" directive, it must be "on" or "off" in {}:4'),
        (SITE % "gzip_comp_level 10;", "value must be between 1 and 9 in {}:4"),
        (SITE % "client_max_body_size 1q;", '"client_max_body_size" directive invalid value in {}:4'),
        (SITE % "proxy_read_timeout soon;", '"proxy_read_timeout" directive invalid value in {}:4'),
        (SITE % "satisfy some;", 'invalid value "some" in {}:4'),
        (SITE % "allow 10.0.0.x;", 'invalid parameter "10.0.0.x" in {}:4'),
        (SITE % "error_log /dev/stderr loud;", 'invalid log level "loud" in {}:4'),
        (SITE % "access_log /x nosuch;", 'unknown log format "nosuch" in {}:4'),
        (SITE % "add_header A b sometimes;", 'invalid parameter "sometimes" in {}:4'),
        ("events { worker_connections x; }", '"worker_connections" directive invalid number in {}:1'),
        ("events { use iocp; }", 'invalid event type "iocp" in {}:1'),
        ("worker_processes some;", '"worker_processes" directive invalid value in {}:1'),
        (HTTP % "upstream u { }", "no servers are inside upstream in {}:3"),
        (HTTP % "upstream u { server a:x; }", 'invalid port in upstream "a:x" in {}:3'),
        (HTTP % "upstream u { server a weight=0; }", 'invalid parameter "weight=0" in {}:3'),
        (HTTP % "map $uri x { }", 'invalid variable name "x" in {}:3'),
        # once, and what was there before
        (SITE % "root /a; root /b;", '"root" directive is duplicate in {}:4'),
        (SITE % "location / { root /a; alias /b; }",
         '"alias" directive is duplicate, "root" directive was specified earlier in {}:4'),
        (SITE % "location /a { }\nlocation /a { }", 'duplicate location "/a" in {}:5'),
        (SITE % "listen 80; listen *:80;", "a duplicate listen 0.0.0.0:80 in {}:4"),
        (HTTP % "server { listen 80 default_server; }\nserver { listen 80 default_server; }",
         "a duplicate default server for 0.0.0.0:80 in {}:4"),
        (HTTP % "upstream u { server a; } upstream u { server b; }", 'duplicate upstream "u" in {}:3'),
        (HTTP % "log_format m a; log_format m b;", 'duplicate "log_format" name "m" in {}:3'),
        ("events {}\nevents {}", '"events" directive is duplicate in {}:2'),
        # variables
        (SITE % "return 200 $nosuch;", 'unknown "nosuch" variable'),
        (HTTP % "log_format m '$remote_adr';", 'unknown "remote_adr" variable'),
        (SITE % "return 200 ${host;", 'the closing bracket in "host" variable is missing in {}:4'),
        (SITE % 'return 200 "$";', "invalid variable name in {}:4"),
    ],
)  # fmt: skip
def test_a_directive_is_judged_as_nginx_judges_it(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(files_with(text))
    assert str(caught.value) == problem.replace("{}", PATH, 1) if problem.count("{}") == 1 else problem


@pytest.mark.parametrize(
    "text",
    [
        "listen 80; listen [::]:80 ipv6only=on; listen 127.0.0.1:81 backlog=5 reuseport;",
        "server_name a .b *.c d.* ~^(?<who>.+)[.]e$; return 200 $who;",
        "set $x 1; return 200 ${x}y$arg_z$http_x_own$cookie_c$upstream_http_q;",
        "if ($request_method = POST) { return 405; } if (-f $request_filename) { break; }",
        "if ($uri ~* a(b)) { return 200 $1; }",
        "location / { proxy_pass http://web:80/x; proxy_read_timeout 1m30s; proxy_buffers 8 4k; }",
        "location ~ ^/(a|b)$ { proxy_pass http://web; } location = /a { } location /a { }",
        "location @f { return 404; } location ^~ /b { location ~ x { } location /b/c { } }",
        "rewrite ^/a/(.*)$ /b/$1 last; error_page 500 502 =200 /50x.html; error_page 404 @f;",
        "root /a; client_max_body_size 1g; expires -1; keepalive_timeout 65 60; gzip_types text/css;",
        "add_header A b always; add_header C d; access_log off; error_log stderr warn; allow all; deny 10.0.0.0/8;",
    ],
)
def test_what_nginx_takes_is_taken(text: str) -> None:
    assert len(read(files_with(SITE % text)).servers) == 1


def test_words_quotes_and_comments() -> None:
    text = 'events {} http { # a comment; not read\n log_format main \'$remote_addr "q"\' "b c"; }'
    (http,) = read(files_with(text)).https
    directive = http.last("log_format")
    assert directive is not None and directive.arguments == ("main", '$remote_addr "q"', "b c")


def test_included_files_come_in_the_order_of_their_names() -> None:
    files = files_with("events {} http { include conf.d/*.conf; }")
    for name in ("b.conf", "a.conf", "c.txt"):
        files.write(f"/etc/nginx/conf.d/{name}", f"server {{ server_name {name}; }}")
    (http,) = read(files).https
    assert [server.value("server_name") for server in http.all("server")] == ["a.conf", "b.conf"]


def test_a_missing_include_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r'open\(\) "/etc/nginx/nosuch" failed \(2: No such file or directory\)'
    ):
        read(files_with("include nosuch;"))


def test_containers_whose_files_say_the_same_share_a_configuration() -> None:
    layer = Layer({MAIN: Entry(content="events {} http { include conf.d/*.conf; }")})
    configurations, read_for = Configurations(), {}
    for name in ("first", "second", "changed", "changed alike"):
        files = FileSystem(base=layer, own={"/etc/hostname": Entry(content=name)})
        if name.startswith("changed"):
            files.make_directory("/etc/nginx/conf.d")
            files.write("/etc/nginx/conf.d/site.conf", "server { listen 8080; }")
        read_for[name] = configurations.read(files)
    assert read_for["first"] is read_for["second"]
    assert read_for["changed"] is read_for["changed alike"]
    assert [read_for[name].ports for name in ("first", "changed")] == [(), (8080,)]
