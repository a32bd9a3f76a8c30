"""placeholder"""


def _x(request, *a, **k):
    raise NotImplementedError


board = intake = detail = timeline = history = report = submit_report = sign_report = paper = (
    paper_file
) = photo = remove_photo = option_act = act = _x
