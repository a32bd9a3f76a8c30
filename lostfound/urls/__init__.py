"""Addresses of found things, under /p/<code>/lostfound/; fixed words before numbers."""

from lostfound.urls import book, claims, disposal, item, lost, papers, policy, stocktake, storage

app_name = "lostfound"
urlpatterns = [
    *book.urlpatterns,
    *policy.urlpatterns,
    *storage.urlpatterns,
    *stocktake.urlpatterns,
    *disposal.urlpatterns,
    *lost.urlpatterns,
    *papers.urlpatterns,
    *claims.urlpatterns,
    *item.urlpatterns,
]
