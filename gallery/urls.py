"""Every address of the app."""

from django.urls import path

from .views import (
    bulk,
    ledger,
    media,
    people,
    photos,
    review,
    search,
    tagging,
    tags,
    teaching,
    uploads,
)  # fmt: skip

app_name = "gallery"

urlpatterns = [
    path("", photos.photo_list, name="photo-list"),
    path("search/", search.photo_search, name="photo-search"),
    path("search/suggestions/", search.suggestions, name="suggestions"),
    path("search/help/", search.search_help, name="search-help"),
    path("search/saved/", search.saved_search_list, name="saved-search-list"),
    path("search/saved/add/", search.saved_search_add, name="saved-search-add"),
    path("search/saved/<int:pk>/delete/", search.saved_search_delete, name="saved-search-delete"),
    path("mine/", photos.photo_own_list, name="photo-own-list"),
    path("mine/threshold/", tagging.library_threshold, name="library-threshold"),
    path("mine/taught/", teaching.taught_list, name="taught-list"),
    path("mine/edit/", bulk.bulk_edit, name="bulk-edit"),
    path("mine/retag/", bulk.retag, name="retag"),
    path("mine/export/", media.export_photos, name="export"),
    path("upload/", uploads.upload, name="upload"),
    path("tags/", tags.tag_list, name="tag-list"),
    path("tags/<str:slug>/", tags.tag_detail, name="tag-detail"),
    path("tags/<str:slug>/edit/", tags.tag_edit, name="tag-edit"),
    path("tags/<str:slug>/teach/", teaching.teach, name="tag-teach"),
    path("tags/<str:slug>/teach/apply/", teaching.apply, name="tag-teach-apply"),
    path("tags/<str:slug>/teach/undo/", teaching.undo, name="tag-teach-undo"),
    # What was done to tags
    path("ledger/", ledger.act_list, name="act-list"),
    path("ledger/runs/", ledger.run_list, name="run-list"),
    path("ledger/<int:pk>/", ledger.act_detail, name="act-detail"),
    path("ledger/<int:pk>/<str:deed>/", ledger.act_do, name="act-do"),
    path("review/", review.review, name="review"),
    path("review/undo/", review.review_undo, name="review-undo"),
    path("review/again/", review.review_again, name="review-again"),
    path("review/calibration/", review.calibration, name="calibration"),
    # One photo
    path("photos/<str:public_id>/", photos.photo_detail, name="photo-detail"),
    path("photos/<str:public_id>/edit/", photos.photo_edit, name="photo-edit"),
    path("photos/<str:public_id>/delete/", photos.photo_delete, name="photo-delete"),
    path("photos/<str:public_id>/favourite/", photos.photo_favourite, name="photo-favourite"),
    path("photos/<str:public_id>/tagging/", tagging.tagging_panel, name="tagging-panel"),
    path("photos/<str:public_id>/tagging/again/", tagging.tagging_again, name="tagging-again"),
    path("photos/<str:public_id>/threshold/", tagging.photo_threshold, name="photo-threshold"),
    path("photos/<str:public_id>/tags/", tagging.photo_tag_add, name="photo-tag-add"),
    path(
        "photos/<str:public_id>/tags/<str:slug>/<str:decision>/",
        tagging.photo_tag_decide,
        name="photo-tag-decide",
    ),
    path("photos/<str:public_id>/original", media.original, name="photo-original"),
    path("photos/<str:public_id>/tagged", media.tagged_copy, name="photo-tagged"),
    path("photos/<str:public_id>/tags.xmp", media.sidecar, name="photo-sidecar"),
    path(
        "photos/<str:public_id>/<str:version>/w<int:width_px>.webp",
        media.rendition,
        name="rendition",
    ),
    # People
    path("welcome/", people.set_up, name="set-up"),
    path("sign-up/", people.sign_up, name="sign-up"),
    path("sign-in/", people.SignIn.as_view(), name="sign-in"),
    path("sign-out/", people.SignOut.as_view(), name="sign-out"),
    path("settings/", people.settings_page, name="settings"),
    path("settings/password/", people.PasswordChange.as_view(), name="password-change"),
    path("password/", people.PasswordReset.as_view(), name="password-reset"),
    path("password/sent/", people.PasswordResetSent.as_view(), name="password-reset-sent"),
    path(
        "password/<str:uidb64>/<str:token>/",
        people.PasswordResetConfirm.as_view(),
        name="password-reset-confirm",
    ),
    path("up/", media.up, name="up"),
]
