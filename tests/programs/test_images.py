import pytest

from kubesim.programs.dns.busybox_nslookup import busybox_nslookup
from kubesim.programs.dns.dig import dig
from kubesim.programs.dns.nslookup import nslookup
from kubesim.programs.dns.small_nslookup import small_nslookup
from kubesim.programs.image_references import InvalidReferenceError, parse_reference
from kubesim.programs.images import ImageCatalogue, is_public
from kubesim.programs.net.busybox_httpd import busybox_httpd
from kubesim.programs.servers import httpd

CATALOGUE = ImageCatalogue.load()


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.29", "docker.io/library/nginx:1.29"),
        ("curlimages/curl", "docker.io/curlimages/curl:latest"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
    ],
)
def test_references_are_completed(text, full):
    assert str(parse_reference(text)) == full


@pytest.mark.parametrize("text", ["", "Nginx", "nginx:", "nginx@sha256:12", "a//b", "-x"])
def test_wrong_references_are_refused(text):
    with pytest.raises(InvalidReferenceError):
        parse_reference(text)


def test_every_spelling_of_a_reference_leads_to_one_image():
    spellings = ["nginx", "nginx:latest", "library/nginx", "docker.io/nginx", "docker.io/library/nginx:latest"]
    assert len({id(CATALOGUE.find(each)) for each in spellings}) == 1
    assert CATALOGUE.find("nginx:alpine") is not CATALOGUE.find("nginx")


def test_a_digest_names_the_same_image_as_its_tag():
    image = CATALOGUE.find("nginx")
    assert image is not None
    again = CATALOGUE.find(f"nginx@{image.digest}")
    assert again is not None
    assert again.version == image.version == "1.29.4"


@pytest.mark.parametrize(
    ("reference", "version", "flavour"),
    [
        ("nginx:1.21", "1.21.6", "debian"),
        ("nginx:1.21.3", "1.21.3", "debian"),
        ("nginx:1.19-alpine", "1.19", "alpine"),
        ("nginx:1.27.2-alpine3.20-slim", "1.27.2-alpine3.20-slim", "alpine"),
        ("redis:6.0.5", "6.0.5", "debian"),
        ("redis:8.8.0", "8.8.0", "debian"),
        ("busybox:latest@sha256:" + "a" * 64, "1.37.0", "busybox"),
        ("redis:7.2-alpine", "7.2", "alpine"),
        ("busybox:1.28", "1.28.4", "busybox"),
        ("traefik/whoami:v1.9.0", "1.9.0", "static"),
    ],
)
def test_a_tag_up_to_little_above_the_newest_is_a_version_that_was_published(reference, version, flavour):
    image = CATALOGUE.find(reference)
    assert image is not None and not image.stand_in
    assert (image.version, image.flavour) == (version.partition("-")[0], flavour)


@pytest.mark.parametrize("reference", ["nginx:1.999", "nginx:v1.21", "nginx:1.21-nosuch", "nginx:nosuch", "busybox:2"])
def test_a_tag_that_nobody_published_is_not_found(reference):
    assert CATALOGUE.find(reference) is None
    assert CATALOGUE.pull_error(reference).endswith(f"docker.io/library/{reference}: not found")


@pytest.mark.parametrize(
    ("reference", "flavour", "ports"),
    [
        ("mysql:5.7", "debian", (3306, 33060)),
        ("postgres:15-alpine", "alpine", (5432,)),
        ("docker.io/library/mongo", "debian", (27017,)),
        ("acme/web:1", "static", ()),
        ("quay.io/acme/web@sha256:" + "a" * 64, "static", ()),
        ("ghcr.io/acme/deep/web:v2", "static", ()),
        ("registry.acme.io:5000/web", "static", ()),
        ("us-central1-docker.pkg.dev/acme/web:1", "static", ()),
        ("bitnami/kafka:3", "debian", ()),
        ("bitnami/nginx", "debian", (8080, 8443)),
        ("gcr.io/google-samples/kubernetes-bootcamp:v1", "debian", (8080,)),
        ("bitnamitoo/kafka:3", "static", ()),
        ("prom/prometheus", "busybox", (9090,)),
    ],
)
def test_what_the_catalogue_does_not_describe_has_a_stand_in(reference, flavour, ports):
    image = CATALOGUE.find(reference)
    assert image is not None and image.stand_in
    assert (image.flavour, image.ports) == (flavour, ports)
    assert ("sh" in image.programs) == (flavour != "static")
    assert image.digest == (parse_reference(reference).digest or image.digest)


@pytest.mark.parametrize("registry", ["k8s.gcr.io", "gcr.io/google_containers"])
def test_a_registry_that_has_moved_has_the_same_images(registry):
    image = CATALOGUE.find(f"{registry}/echoserver:1.4")
    assert image is not None and not image.stand_in
    assert image.reference == f"{registry}/echoserver:1.4"
    assert CATALOGUE.find(f"{registry}/echoserver:99") is None
    assert CATALOGUE.pull_error(f"{registry}/echoserver:99").endswith(f"{registry}/echoserver:99: not found")


def test_a_distribution_has_its_shell_and_no_stand_in():
    image = CATALOGUE.find("centos:7")
    assert image is not None and not image.stand_in
    assert image.argv() == ("bash",)


@pytest.mark.parametrize(
    ("image", "name", "program"),
    [
        ("busybox", "httpd", busybox_httpd),
        ("httpd", "httpd", httpd),
        ("busybox:1.36", "nslookup", busybox_nslookup),
        ("busybox:1.28", "nslookup", small_nslookup),
        ("nicolaka/netshoot", "nslookup", nslookup),
        ("nicolaka/netshoot", "dig", dig),
        ("registry.k8s.io/e2e-test-images/agnhost:2.39", "nslookup", nslookup),
        ("registry.k8s.io/e2e-test-images/agnhost:2.39", "dig", dig),
    ],
)
def test_a_name_means_the_program_that_the_image_brings(image, name, program):
    found = CATALOGUE.find(image)
    assert found is not None and found.programs[name] is program


@pytest.mark.parametrize(
    ("registry", "public"),
    [
        ("docker.io", True),
        ("registry.k8s.io", True),
        ("harbor.acme.co.uk:8443", True),
        ("localhost:5000", False),
        ("10.0.0.1:5000", False),
        ("registry.corp.local", False),
        ("registry.internal", False),
        ("registry.example.com", False),
        ("myexample.com", True),
    ],
)
def test_a_public_registry_has_a_public_name(registry, public):
    assert is_public(registry) is public


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("localhost:5000/app", 'Head "http://localhost:5000/v2/app/manifests/latest": dial tcp [::1]:5000: connect: '),
        ("10.0.0.1:5000/app", "dial tcp 10.0.0.1:5000: i/o timeout"),
        ("registry.example.com/app", "dial tcp: lookup registry.example.com: no such host"),
        ("nginxx", "pull access denied, repository does not exist or may require authorization"),
        ("nginx:nosuch", "docker.io/library/nginx:nosuch: not found"),
        ("registry.corp.local/app", "lookup registry.corp.local: no such host"),
    ],
)
def test_what_cannot_be_pulled_says_why(reference, words):
    assert CATALOGUE.find(reference) is None
    assert words in CATALOGUE.pull_error(reference)


def test_the_welcome_page_has_615_bytes():
    image = CATALOGUE.find("nginx")
    assert image is not None
    assert image.files["/usr/share/nginx/html/index.html"].size == 615


def test_the_nginx_image_has_what_the_real_one_has():
    image = CATALOGUE.find("nginx")
    assert image is not None
    assert {"curl", "getent", "bash", "perl"} <= set(image.programs)
    assert not {"ping", "wget", "nslookup", "dig", "ip", "ss", "ps", "nc"} & set(image.programs)


@pytest.mark.parametrize(
    ("command", "arguments", "argv"),
    [
        ((), (), ("/docker-entrypoint.sh", "nginx", "-g", "daemon off;")),
        ((), ("sleep", "1"), ("/docker-entrypoint.sh", "sleep", "1")),
        (("sleep",), ("1",), ("sleep", "1")),
    ],
)
def test_command_and_args_replace_entrypoint_and_cmd(command, arguments, argv):
    image = CATALOGUE.find("nginx")
    assert image is not None
    assert image.argv(command, arguments) == argv
