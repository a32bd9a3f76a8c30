"""Addresses of the board, the start and one event."""

from django.urls import path

from emergencies.views import acts, event, people, photos, start, steps, telling

urlpatterns = [
    path("", event.board, name="board"),
    path("new/", start.choose, name="choose"),
    path("new/<slug:kind>/", start.new, name="new"),
    path("<str:number>/", event.detail, name="detail"),
    path("<str:number>/live/", event.live, name="live"),
    path("<str:number>/timeline/", event.timeline, name="timeline"),
    path("<str:number>/history/", event.history, name="history"),
    path("<str:number>/answer/<slug:key>/", acts.answer, name="answer"),
    path("<str:number>/do/<slug:name>/", acts.act, name="act"),
    path("<str:number>/do/<slug:name>/draft/", acts.draft, name="draft"),
    path("<str:number>/steps/<slug:step>/", steps.step, name="step"),
    path("<str:number>/steps/<slug:step>/skip/", steps.skip, name="skip"),
    path("<str:number>/steps/<slug:step>/still/", steps.still, name="still"),
    path("<str:number>/steps/<slug:step>/open/", steps.open_child, name="open_child"),
    path("<str:number>/notices/<slug:notice>/", telling.tell, name="tell"),
    path("<str:number>/notices/<slug:notice>/none/", telling.not_told, name="not_told"),
    path("<str:number>/notices/<slug:notice>/ack/", telling.acknowledge, name="acknowledge"),
    path("<str:number>/people/<int:party>/", people.edit_party, name="edit_party"),
    path("<str:number>/people/<int:party>/unmask/", people.unmask, name="unmask"),
    path("<str:number>/readers/<int:reader>/end/", people.end_reader, name="end_reader"),
    path("<str:number>/photos/<int:photo>/remove/", photos.remove_photo, name="remove_photo"),
    path("<str:number>/photos/<int:photo>/<slug:size>/", photos.photo, name="photo"),
]
