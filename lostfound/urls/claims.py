"""Addresses of claims."""

from django.urls import path

from lostfound.views import claims

urlpatterns = [
    path("<str:number>/claim/", claims.claim, name="claim"),
    path("<str:number>/claim/rival/", claims.claim_rival, name="claim_rival"),
    path("<str:number>/claim/dispute/", claims.claim_dispute, name="claim_dispute"),
    path("<str:number>/claim/draft/<slug:step>/", claims.claim_draft, name="claim_draft"),
    path("<str:number>/claim/<int:seq>/verify/", claims.claim_verify, name="claim_verify"),
    path("<str:number>/claim/<int:seq>/sign/", claims.claim_sign, name="claim_sign"),
    path("<str:number>/claim/<int:seq>/scan/", claims.claim_scan, name="claim_scan"),
    path("<str:number>/claim/<int:seq>/refuse/", claims.claim_refuse, name="claim_refuse"),
    path("<str:number>/claim/<int:seq>/withdraw/", claims.claim_withdraw, name="claim_withdraw"),
    path(
        "<str:number>/claim/<int:seq>/unmask/<slug:who>/", claims.claim_unmask, name="claim_unmask"
    ),
]
