import pytest

from kubesim.programs.image_references import InvalidReferenceError, parse_reference
from kubesim.programs.images import ImageCatalogue

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
    ("reference", "words"),
    [
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
