"""Settings, Integrations."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from integrations.web.views import (
    activity,
    agreement,
    connection,
    consent,
    home,
    issues,
    left_out,
    listing,
    numbers,
    one_way,
    pairs,
    rules,
)

app_name = "integrations"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", listing.integrations, name="integrations"),
    path("add/", listing.add_app, name="add_app"),
    path("ask-an-admin/", listing.ask_an_admin, name="ask_admin"),
    # To QuickBooks and back
    path("qbo/connect/", consent.connect, name="connect"),
    path("qbo/callback/", consent.callback, name="callback"),
    path("qbo/other-company/", consent.other_company, name="other_company"),
    # The home
    path("qbo/", home.home, name="home"),
    path("qbo/tiles/", home.tiles, name="tiles"),
    path("qbo/sync-now/", connection.sync_now, name="sync_now"),
    path("qbo/pause/", connection.pause, name="pause"),
    path("qbo/resume/", connection.resume, name="resume"),
    path("qbo/release/", connection.release, name="release"),
    path("qbo/rules/", rules.rules, name="rules"),
    path("qbo/rules/read/", rules.read_lists, name="read_lists"),
    path("qbo/numbers/check/", numbers.check, name="check_numbers"),
    path("qbo/numbers/use/", numbers.use, name="use_number"),
    path("qbo/rules/both-ways/", rules.go_two_way, name="go_two_way"),
    path("qbo/rules/one-way/", rules.go_one_way, name="go_one_way"),
    path("qbo/turn-on/", one_way.settings, name="turn_on"),
    path("qbo/turn-on/new-service/", one_way.new_service, name="new_service"),
    path("qbo/test-invoice/", one_way.show_test, name="test_invoice"),
    path("qbo/test-invoice/make/", one_way.make_test, name="make_test_invoice"),
    path("qbo/disconnect/", connection.disconnect, name="disconnect"),
    path("qbo/restart/", connection.restart, name="restart"),
    path("qbo/reconnect/", connection.reconnect, name="reconnect"),
    # What happened
    path("qbo/activity/", activity.activity, name="activity"),
    path("qbo/activity/export.csv", activity.export, name="activity_csv"),
    path("qbo/activity/<uuid:pk>/", activity.entry, name="activity_entry"),
    # Whether both sides hold the same
    path("qbo/agreement/", agreement.report, name="agreement"),
    path("qbo/agreement/compare/", agreement.compare, name="agreement_compare"),
    path("qbo/agreement/export.csv", agreement.export, name="agreement_csv"),
    # What needs a person
    path("qbo/issues/retry-all/", issues.retry_all, name="retry_all"),
    path("qbo/issues/<int:pk>/", issues.issue, name="issue"),
    path("qbo/issues/<int:pk>/decide/", issues.decide, name="decide"),
    path("qbo/issues/<int:pk>/undo/", issues.undo, name="undo"),
    path("qbo/issues/<int:pk>/retry/", issues.retry, name="retry"),
    path("qbo/issues/<int:pk>/ignore/", issues.ignore, name="ignore"),
    path("qbo/issues/<int:pk>/rename/", issues.rename, name="rename"),
    path("qbo/issues/<int:pk>/link/", issues.link_to_existing, name="link_to_existing"),
    path("qbo/issues/<int:pk>/choose/", issues.choose, name="choose"),
    path("qbo/issues/<int:pk>/same-payment/", issues.same_payment, name="same_payment"),
    path("qbo/issues/<int:pk>/pick/", issues.pick, name="pick"),
    path("qbo/issues/<int:pk>/archive/", issues.archive, name="archive"),
    path("qbo/issues/<int:pk>/unmatch/", issues.unmatch, name="issue_unmatch"),
    # What was left out, and single pairs
    path("qbo/left-out/", left_out.left_out, name="left_out"),
    path("qbo/left-out/create/", left_out.create, name="left_out_create"),
    path("qbo/<entity>/<int:local_id>/find/", pairs.find_partner, name="find"),
    path("qbo/<entity>/<int:local_id>/match/", pairs.match, name="match"),
    path("qbo/<entity>/<int:local_id>/create/", pairs.create_there, name="create_there"),
    path("qbo/pairs/<int:pk>/sync-now/", pairs.sync_now, name="pair_sync_now"),
    path("qbo/pairs/<int:pk>/unmatch/", pairs.unmatch, name="unmatch"),
    path("qbo/pairs/<int:pk>/compare/", pairs.compare, name="compare"),
    path("qbo/pairs/<int:pk>/timeline/", pairs.timeline, name="timeline"),
]
