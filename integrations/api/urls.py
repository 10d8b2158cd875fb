"""Addresses of the connection under /api/v1/integrations/quickbooks/."""

from django.urls import URLPattern, path

from integrations.api import connecting, one_way, rules, status

app_name = "quickbooks_api"
urlpatterns: list[URLPattern] = [
    path("", status.Status.as_view(), name="status"),
    path("preflight/", status.Preflight.as_view(), name="preflight"),
    path("connect/", connecting.Connect.as_view(), name="connect"),
    path("connect/finish/", connecting.FinishConnect.as_view(), name="finish_connect"),
    path("connect/other-company/", connecting.OtherCompany.as_view(), name="other_company"),
    path("disconnect/", connecting.Disconnect.as_view(), name="disconnect"),
    path("sync-now/", connecting.SyncNow.as_view(), name="sync_now"),
    path("pause/", connecting.Pause.as_view(), name="pause"),
    path("resume/", connecting.Resume.as_view(), name="resume"),
    path("release/", connecting.Release.as_view(), name="release"),
    path("rules/", rules.Rules.as_view(), name="rules"),
    path("rules/choices/", rules.Choices.as_view(), name="rule_choices"),
    path("rules/read-lists/", rules.ReadLists.as_view(), name="read_lists"),
    path("rules/both-ways/", rules.GoTwoWay.as_view(), name="go_two_way"),
    path("rules/one-way/", rules.GoOneWay.as_view(), name="go_one_way"),
    path("turn-on/", one_way.TurnOn.as_view(), name="turn_on"),
    path("turn-on/service/", one_way.NewService.as_view(), name="new_service"),
    path("test-invoice/", one_way.TestInvoice.as_view(), name="test_invoice"),
]
