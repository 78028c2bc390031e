"""Accounts: the first one, signing up, in and out, passwords and settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, views
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods

from .. import throttle
from ..forms import SettingsForm, SignInForm, SignUpForm
from ..models import User
from .requests import SignedInRequest


@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Make the first account; whoever makes it is the administrator."""
    form = SignUpForm(request.POST or None)
    with transaction.atomic():
        if User.objects.exists():
            return redirect("gallery:photo-list")
        if not form.is_valid():
            return render(request, "gallery/set_up.html", {"form": form})
        form.instance.is_staff = form.instance.is_superuser = True
        user = form.save()
    login(request, user)
    messages.success(request, "Welcome. This is your site now: upload a first photo.")
    return redirect("gallery:upload")


@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    if not settings.SIGN_UP_OPEN:
        raise Http404
    if not User.objects.exists():
        return redirect("gallery:set-up")
    form = SignUpForm(request.POST or None)
    if form.is_valid() and _may_sign_up(request, form):
        login(request, form.save())
        return redirect("gallery:upload")
    return render(request, "gallery/sign_up.html", {"form": form})


def _may_sign_up(request: HttpRequest, form: SignUpForm) -> bool:
    if throttle.allows("sign-up", throttle.client_address(request)):
        return True
    form.add_error(None, "Too many new accounts from here. Try again in an hour.")
    return False


class SignIn(views.LoginView):
    template_name = "gallery/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    extra_context = {"sign_up_open": settings.SIGN_UP_OPEN}


class SignOut(views.LogoutView):
    pass


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: SignedInRequest) -> HttpResponse:
    form = SettingsForm(request.POST or None, instance=request.user)
    if form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("gallery:settings")
    context = {"form": form, "site_threshold": settings.TAGGING_THRESHOLD}
    return render(request, "gallery/settings.html", context)


class PasswordChange(views.PasswordChangeView):
    template_name = "gallery/password_change.html"
    success_url = reverse_lazy("gallery:settings")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "Your password is changed.")
        return super().form_valid(form)


class PasswordReset(views.PasswordResetView):
    template_name = "gallery/password_reset.html"
    email_template_name = "gallery/password_reset_email.txt"
    subject_template_name = "gallery/password_reset_subject.txt"
    success_url = reverse_lazy("gallery:password-reset-sent")

    def form_valid(self, form: Any) -> HttpResponse:
        if throttle.allows("password-reset", throttle.client_address(self.request)):
            return super().form_valid(form)
        form.add_error(None, "Too many links were asked for from here. Try again in an hour.")
        return self.form_invalid(form)


class PasswordResetSent(views.PasswordResetDoneView):
    template_name = "gallery/password_reset_sent.html"


class PasswordResetConfirm(views.PasswordResetConfirmView):
    template_name = "gallery/password_reset_confirm.html"
    success_url = reverse_lazy("gallery:photo-own-list")
    post_reset_login = True
