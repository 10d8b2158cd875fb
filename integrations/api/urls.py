"""Addresses of the connection under /api/v1/integrations/quickbooks/."""

from django.urls import URLPattern, path

from integrations.api import (
    connecting,
    one_way,
    rules,
    setup,
    setup_lists,
    setup_sync,
    status,
)

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
    # Set-up. `half` is contacts or services.
    path("setup/", setup.WholeSetup.as_view(), name="setup"),
    path("setup/restart/", setup.Restart.as_view(), name="restart"),
    path("setup/finish/", setup.Finish.as_view(), name="finish"),
    path("setup/contacts/customers/", setup.Customers.as_view(), name="customers"),
    path("setup/contacts/plan/", setup_sync.ContactsPlan.as_view(), name="contacts_plan"),
    path("setup/contacts/sync/", setup_sync.SyncContacts.as_view(), name="sync_contacts"),
    path("setup/services/skip/", setup.Skip.as_view(), name="skip"),
    path("setup/services/offers/", setup_sync.Offers.as_view(), name="offers"),
    path("setup/services/plan/", setup_sync.ServicesPlan.as_view(), name="services_plan"),
    path("setup/services/sync/", setup_sync.SyncServices.as_view(), name="sync_services"),
    path(
        "setup/services/rows/<int:pk>/use-theirs/",
        setup_lists.UseTheirs.as_view(),
        name="use_theirs",
    ),
    path("setup/<str:half>/", setup.Half.as_view(), name="half"),
    path("setup/<str:half>/start/", setup.Start.as_view(), name="start"),
    path("setup/<str:half>/stop/", setup.Stop.as_view(), name="stop"),
    path("setup/<str:half>/again/", setup.Again.as_view(), name="again"),
    path("setup/<str:half>/carry-on/", setup.CarryOn.as_view(), name="carry_on"),
    path("setup/<str:half>/check-again/", setup.CheckAgain.as_view(), name="check_again"),
    path("setup/<str:half>/report/", setup_sync.Report.as_view(), name="report"),
    path("setup/<str:half>/undo/", setup_lists.Undo.as_view(), name="undo_rows"),
    path("setup/<str:half>/lists/<str:name>/", setup_lists.OneList.as_view(), name="list"),
    path("setup/<str:half>/lists/<str:name>/seen/", setup_lists.Seen.as_view(), name="seen"),
    path("setup/<str:half>/lists/<str:name>/decide/", setup_lists.Decide.as_view(), name="decide"),
    path(
        "setup/<str:half>/rows/<int:pk>/candidates/",
        setup_lists.Candidates.as_view(),
        name="candidates",
    ),
    path("setup/<str:half>/rows/<int:pk>/match/", setup_lists.MatchRow.as_view(), name="match_row"),
]
