class TemplateError(ValueError):
    pass


class GoTemplate:
    def __init__(self, text, *, allow_missing_keys=True):
        raise TemplateError("x")
