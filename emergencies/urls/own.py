"""Addresses of what single events have of their own."""

from django.urls import path

from emergencies.views import own, registers, slip

urlpatterns = [
    path("<str:number>/damage/", own.damage, name="damage"),
    path("<str:number>/damage/paper/", slip.paper, name="slip_paper"),
    path("<str:number>/damage/paper/<int:document>/", slip.file, name="slip_file"),
    path("<str:number>/seals/", registers.seals, name="seals"),
    path("<str:number>/headcount/", registers.headcount, name="headcount"),
    path("<str:number>/affected/", own.affected, name="affected"),
    path("<str:number>/do/<slug:name>/<int:item>/", own.item, name="item_act"),
]
