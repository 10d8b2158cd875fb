"""The types of accounts: type -> classification and sub types, the first being the default."""

_TYPES: dict[str, tuple[str, str]] = {
    "Bank": ("Asset", "CashOnHand Checking MoneyMarket RentsHeldInTrust Savings TrustAccounts"),
    "Accounts Receivable": ("Asset", "AccountsReceivable"),
    "Other Current Asset": (
        "Asset",
        "EmployeeCashAdvances AllowanceForBadDebts DevelopmentCosts Inventory"
        " InvestmentMortgageRealEstateLoans InvestmentOther InvestmentTaxExemptSecurities"
        " InvestmentUSGovernmentObligations LoansToOfficers LoansToOthers LoansToStockholders"
        " OtherCurrentAssets PrepaidExpenses Retainage UndepositedFunds",
    ),
    "Fixed Asset": (
        "Asset",
        "FurnitureAndFixtures AccumulatedAmortization AccumulatedDepletion"
        " AccumulatedDepreciation Buildings DepletableAssets FixedAssetComputers"
        " FixedAssetCopiers FixedAssetFurniture FixedAssetOtherToolsEquipment FixedAssetPhone"
        " FixedAssetPhotoVideo FixedAssetSoftware IntangibleAssets Land LeaseholdImprovements"
        " MachineryAndEquipment OtherFixedAssets Vehicles",
    ),
    "Other Asset": (
        "Asset",
        "Licenses AccumulatedAmortizationOfOtherAssets Goodwill LeaseBuyout OrganizationalCosts"
        " OtherLongTermAssets SecurityDeposits",
    ),
    "Accounts Payable": ("Liability", "AccountsPayable"),
    "Credit Card": ("Liability", "CreditCard"),
    "Other Current Liability": (
        "Liability",
        "OtherCurrentLiabilities DirectDepositPayable FederalIncomeTaxPayable GlobalTaxPayable"
        " GlobalTaxSuspense InsurancePayable LineOfCredit LoanPayable PayrollClearing"
        " PayrollTaxPayable PrepaidExpensesPayable RentsInTrustLiability SalesTaxPayable"
        " StateLocalIncomeTaxPayable TrustAccountsLiabilities UndistributedTips",
    ),
    "Long Term Liability": (
        "Liability",
        "NotesPayable OtherLongTermLiabilities ShareholderNotesPayable",
    ),
    "Equity": (
        "Equity",
        "OpeningBalanceEquity AccumulatedAdjustment CommonStock EstimatedTaxes Healthcare"
        " OwnersEquity PaidInCapitalOrSurplus PartnerContributions PartnerDistributions"
        " PartnersEquity PersonalExpense PersonalIncome PreferredStock RetainedEarnings"
        " TreasuryStock",
    ),
    "Income": (
        "Revenue",
        "SalesOfProductIncome DiscountsRefundsGiven NonProfitIncome OtherPrimaryIncome"
        " ServiceFeeIncome UnappliedCashPaymentIncome",
    ),
    "Other Income": (
        "Revenue",
        "OtherInvestmentIncome DividendIncome InterestEarned OtherMiscellaneousIncome"
        " TaxExemptInterest UnrealisedLossOnSecuritiesNetOfTax",
    ),
    "Cost of Goods Sold": (
        "Expense",
        "SuppliesMaterialsCogs CostOfLaborCos EquipmentRentalCos OtherCostsOfServiceCos"
        " ShippingFreightDeliveryCos",
    ),
    "Expense": (
        "Expense",
        "Travel AdvertisingPromotional Auto BadDebts BankCharges CharitableContributions"
        " CommissionsAndFees CostOfLabor DuesSubscriptions Entertainment EntertainmentMeals"
        " EquipmentRental FinanceCosts GlobalTaxExpense Insurance InterestPaid"
        " LegalProfessionalFees OfficeExpenses OfficeGeneralAdministrativeExpenses"
        " OtherBusinessExpenses OtherMiscellaneousServiceCost PayrollExpenses PromotionalMeals"
        " RentOrLeaseOfBuildings RepairMaintenance ShippingFreightDelivery SuppliesMaterials"
        " TaxesPaid TravelMeals UnappliedCashBillPaymentExpense Utilities",
    ),
    "Other Expense": (
        "Expense",
        "Depreciation Amortization ExchangeGainOrLoss GasAndFuel HomeOffice"
        " HomeOwnerRentalInsurance MortgageInterestHomeOffice OtherHomeOfficeExpenses"
        " OtherMiscellaneousExpense OtherVehicleExpenses ParkingAndTolls PenaltiesSettlements"
        " RentAndLease RepairsAndMaintenance TaxesHomeOffice UtilitiesHomeOffice Vehicle"
        " VehicleInsurance VehicleLease VehicleLoan VehicleLoanInterest VehicleRegistration"
        " VehicleRepairs WashAndRoadServices",
    ),
    "Non-Posting": ("Expense", "NonPosting"),
}
CLASSIFICATION = {name: classification for name, (classification, _) in _TYPES.items()}
SUB_TYPES = {name: tuple(words.split()) for name, (_, words) in _TYPES.items()}
TYPE_OF = {word: name for name, words in SUB_TYPES.items() for word in words}
