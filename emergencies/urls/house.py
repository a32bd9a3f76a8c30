"""Addresses of what belongs to the house: price list, drills, playbooks. Before any number."""

from django.urls import path

from emergencies.views import house, playbooks

BOOK = "playbooks/<slug:kind>/"
urlpatterns = [
    path("prices/", house.prices, name="prices"),
    path("prices/new/", house.price_new, name="price_new"),
    path("prices/<int:item>/", house.price_edit, name="price_edit"),
    path("drills/", house.drill_page, name="drills"),
    path("playbooks/", playbooks.shelf, name="playbooks"),
    path(BOOK, playbooks.read, name="playbook"),
    path(f"{BOOK}rehearse/", playbooks.rehearse, name="rehearse"),
    path(f"{BOOK}yaml/", playbooks.download, name="playbook_yaml"),
    path(f"{BOOK}steps/", playbooks.switch, name="playbook_steps"),
    path(f"{BOOK}own/", playbooks.own, name="playbook_own"),
    path(f"{BOOK}bundled/", playbooks.bundled, name="playbook_bundled"),
]
