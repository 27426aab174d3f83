from kubesim.data_directory import DATA, read_yaml


def test_what_a_caller_does_to_a_document_stays_with_them() -> None:
    spoiled = read_yaml(DATA / "images.yaml")
    spoiled["images"].clear()
    assert read_yaml(DATA / "images.yaml")["images"]
