"""/compte/… : django-allauth's addresses, ours before them where we say more."""

from django.urls import include, path

from . import views

urlpatterns = [
    path("", views.overview, name="account_overview"),
    path("login/", views.SignInView.as_view(), name="account_login"),
    path("login/code/", views.RequestCodeView.as_view(), name="account_request_login_code"),
    path("login/code/confirm/", views.ConfirmCodeView.as_view(), name="account_confirm_login_code"),
    path("login/code/adresse/", views.change_address, name="account_change_address"),
    path("signup/", views.sign_up, name="account_signup"),
    path("2fa/totp/activate/", views.ActivateSecondFactorView.as_view(), name="mfa_activate_totp"),
    path("profil/", views.profile, name="account_profile"),
    path("courriers/", views.preferences, name="account_preferences"),
    path("password/remove/", views.remove_password, name="account_remove_password"),
    path("invitation/<str:token>/", views.invitation, name="account_invitation"),
    path("", include("allauth.urls")),
]
