"""Addresses of 过期失物处理审批单."""

from django.urls import path

from lostfound.views import disposal, disposal_steps

urlpatterns = [
    path("disposal/", disposal.batches, name="batches"),
    path("disposal/new/", disposal.batch_new, name="batch_new"),
    path("disposal/<str:number>/", disposal.batch, name="batch"),
    path("disposal/<str:number>/do/<slug:step>/", disposal_steps.batch_step, name="batch_step"),
    path(
        "disposal/<str:number>/draft/<slug:step>/", disposal_steps.batch_draft, name="batch_draft"
    ),
    path(
        "disposal/<str:number>/photo/<int:photo>/<slug:size>/",
        disposal.batch_photo,
        name="batch_photo",
    ),
]
