"""cognito_user_pool, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table

ARN = "arn:aws:lambda:us-east-1:123456789012:function:{}"
SES = "arn:aws:ses:us-east-1:123456789012:identity/{}.example.org"
ROLE = "arn:aws:iam::123456789012:role/{}"
KMS = "arn:aws:kms:us-east-1:123456789012:key/{}"
POLICY = "Policies.PasswordPolicy"
REFUSED = "can't be changed once it is made. Make a pool of another name"
KEPT = "Attribute group can't be changed once it is made"
CODE = "Code {{####}} of {}"
LINK = "Click {{##here##}} for {}"
INVITATION = "{{username}}, {{####}} of {}"
TEMPLATE = "VerificationMessageTemplate"
INVITE = "AdminCreateUserConfig.InviteMessageTemplate"
TOKENS = "LambdaConfig.PreTokenGenerationConfig"
TRIGGERS = {
    "pre_sign_up": "PreSignUp",
    "post_confirmation": "PostConfirmation",
    "pre_authentication": "PreAuthentication",
    "post_authentication": "PostAuthentication",
    "custom_message": "CustomMessage",
    "user_migration": "UserMigration",
    "define_auth_challenge": "DefineAuthChallenge",
    "create_auth_challenge": "CreateAuthChallenge",
    "verify_auth_challenge_response": "VerifyAuthChallengeResponse",
    "custom_email_sender.lambda_arn": "CustomEmailSender.LambdaArn",
    "custom_sms_sender.lambda_arn": "CustomSMSSender.LambdaArn",
}
GROUP = {
    "name": "group",
    "attribute_data_type": "String",
    "mutable": True,
    "string_attribute_constraints": {"min_length": "1", "max_length": "20"},
}


def before(account):
    for name in ("lab", "lab-viewer2"):
        account.cognito.put_pool(f"us-east-1_{name.replace('-', '')}", PoolName=name)


def text(form, path, also=()):
    return Row(form.format("a lab"), form.format("another"), path, also=also)


TABLES = [
    Table(
        module="cognito_user_pool",
        kind="UserPool",
        before=before,
        asked={
            "name": "lab-viewer",
            "username_attributes": ["email"],
            "username_configuration": {"case_sensitive": False},
            "account_recovery_setting": {"recovery_mechanisms": [{"name": "admin_only", "priority": 1}]},
            "schema": [GROUP],
        },
        acts=frozenset({"user_pool_id"}),  # which one is meant, where that is known
        identity=frozenset({"name", "schema.name"}),
        absent={"deletion_protection": "INACTIVE"},
        fixed={
            "username_attributes": (["phone_number"], f"username_attributes {REFUSED}"),
            "alias_attributes": (["preferred_username"], f"alias_attributes {REFUSED}"),
            "username_configuration.case_sensitive": (True, f"username_configuration {REFUSED}"),
            "schema.attribute_data_type": ("Number", KEPT),
            "schema.mutable": (False, KEPT),
            "schema.required": (True, KEPT),
            "schema.developer_only_attribute": (True, KEPT),
            "schema.string_attribute_constraints.min_length": ("2", KEPT),
            "schema.string_attribute_constraints.max_length": ("30", KEPT),
            "schema.number_attribute_constraints.min_value": ("1", KEPT),
            "schema.number_attribute_constraints.max_value": ("5", KEPT),
        },
        rows={
            "user_pool_tier": Row("ESSENTIALS", "PLUS", "UserPoolTier"),
            "auto_verified_attributes": Row(["email"], [], "AutoVerifiedAttributes"),
            "admin_create_user_config.allow_admin_create_user_only": Row(
                True, False, "AdminCreateUserConfig.AllowAdminCreateUserOnly"
            ),
            "admin_create_user_config.invite_message_template.email_message": text(
                INVITATION, f"{INVITE}.EmailMessage"
            ),
            "admin_create_user_config.invite_message_template.email_subject": text("Of {}", f"{INVITE}.EmailSubject"),
            "admin_create_user_config.invite_message_template.sms_message": text(INVITATION, f"{INVITE}.SMSMessage"),
            "password_policy.minimum_length": Row(14, 20, f"{POLICY}.MinimumLength"),
            "password_policy.require_lowercase": Row(True, False, f"{POLICY}.RequireLowercase"),
            "password_policy.require_uppercase": Row(True, False, f"{POLICY}.RequireUppercase"),
            "password_policy.require_numbers": Row(True, False, f"{POLICY}.RequireNumbers"),
            "password_policy.require_symbols": Row(False, True, f"{POLICY}.RequireSymbols"),
            "password_policy.password_history_size": Row(3, 5, f"{POLICY}.PasswordHistorySize"),
            "password_policy.temporary_password_validity_days": Row(
                3,
                5,
                f"{POLICY}.TemporaryPasswordValidityDays",
                also=("AdminCreateUserConfig.UnusedAccountValidityDays",),
            ),
            "sign_in_policy.allowed_first_auth_factors": Row(
                ["PASSWORD", "EMAIL_OTP"], ["PASSWORD"], "Policies.SignInPolicy.AllowedFirstAuthFactors"
            ),
            "mfa_configuration": Row("OPTIONAL", "ON", "MfaConfiguration"),
            "software_token_mfa_configuration.enabled": Row(True, False, "SoftwareTokenMfaConfiguration.Enabled"),
            "email_mfa_configuration.text": text(CODE, "EmailMfaConfiguration.Message"),
            "email_mfa_configuration.subject": text("Of {}", "EmailMfaConfiguration.Subject"),
            "web_authn_configuration.relying_party_id": Row(
                "lab.example.org", "example.org", "WebAuthnConfiguration.RelyingPartyId"
            ),
            "web_authn_configuration.user_verification": Row(
                "required", "preferred", "WebAuthnConfiguration.UserVerification"
            ),
            "sms_configuration.sns_caller_arn": Row(
                ROLE.format("a"), ROLE.format("b"), "SmsConfiguration.SnsCallerArn"
            ),
            "sms_configuration.external_id": text("{}", "SmsConfiguration.ExternalId"),
            "sms_configuration.sns_region": Row("us-east-1", "eu-west-1", "SmsConfiguration.SnsRegion"),
            "sms_authentication_message": text(CODE, "SmsAuthenticationMessage"),
            "email_configuration.email_sending_account": Row(
                "DEVELOPER", "COGNITO_DEFAULT", "EmailConfiguration.EmailSendingAccount"
            ),
            "email_configuration.source_arn": Row(
                SES.format("lab"), SES.format("other"), "EmailConfiguration.SourceArn"
            ),
            "email_configuration.from": Row("lab@example.org", "Lab <lab@example.org>", "EmailConfiguration.From"),
            "email_configuration.reply_to_email_address": Row(
                "ann@example.org", "bob@example.org", "EmailConfiguration.ReplyToEmailAddress"
            ),
            "email_configuration.configuration_set": Row("lab", "other", "EmailConfiguration.ConfigurationSet"),
            "verification_message_template.default_email_option": Row(
                "CONFIRM_WITH_LINK", "CONFIRM_WITH_CODE", f"{TEMPLATE}.DefaultEmailOption"
            ),
            "verification_message_template.email_message": text(
                CODE, f"{TEMPLATE}.EmailMessage", also=("EmailVerificationMessage",)
            ),
            "verification_message_template.email_subject": text(
                "Of {}", f"{TEMPLATE}.EmailSubject", also=("EmailVerificationSubject",)
            ),
            "verification_message_template.email_message_by_link": text(LINK, f"{TEMPLATE}.EmailMessageByLink"),
            "verification_message_template.email_subject_by_link": text("Of {}", f"{TEMPLATE}.EmailSubjectByLink"),
            "verification_message_template.sms_message": text(
                CODE, f"{TEMPLATE}.SmsMessage", also=("SmsVerificationMessage",)
            ),
            "user_attribute_update_settings.attributes_require_verification_before_update": Row(
                ["email"], [], "UserAttributeUpdateSettings.AttributesRequireVerificationBeforeUpdate"
            ),
            "account_recovery_setting.recovery_mechanisms.name": Row(
                "verified_email", "admin_only", "AccountRecoverySetting.RecoveryMechanisms.0.Name"
            ),
            "account_recovery_setting.recovery_mechanisms.priority": Row(
                1, 2, "AccountRecoverySetting.RecoveryMechanisms.0.Priority"
            ),
            "device_configuration.challenge_required_on_new_device": Row(
                True, False, "DeviceConfiguration.ChallengeRequiredOnNewDevice"
            ),
            "device_configuration.device_only_remembered_on_user_prompt": Row(
                True, False, "DeviceConfiguration.DeviceOnlyRememberedOnUserPrompt"
            ),
            "user_pool_add_ons.advanced_security_mode": Row("AUDIT", "ENFORCED", "UserPoolAddOns.AdvancedSecurityMode"),
            **{
                f"lambda_config.{option}": Row(ARN.format("a"), ARN.format("b"), f"LambdaConfig.{name}")
                for option, name in TRIGGERS.items()
            },
            "lambda_config.kms_key_id": Row(KMS.format("a"), KMS.format("b"), "LambdaConfig.KMSKeyID"),
            "lambda_config.pre_token_generation_config.lambda_arn": Row(
                ARN.format("a"), ARN.format("b"), f"{TOKENS}.LambdaArn", also=("LambdaConfig.PreTokenGeneration",)
            ),
            "lambda_config.pre_token_generation_config.lambda_version": Row("V1_0", "V2_0", f"{TOKENS}.LambdaVersion"),
            "issuer_configuration.type": Row("ORIGINAL", "UPDATED", "IssuerConfiguration.Type"),
            "deletion_protection": Row("ACTIVE", "INACTIVE", "DeletionProtection"),
            "tags": Row({"project": "lab"}, {"project": "other"}, "tags"),
        },
        update="UpdateUserPool",
        theirs={
            "LambdaConfig.InboundFederation": {"LambdaVersion": "V1_0", "LambdaArn": ARN.format("theirs")},
            "SmsConfiguration.EumsSms": {"CallerArn": ROLE.format("sms")},
            "UserPoolAddOns.AdvancedSecurityAdditionalFlows": {"CustomAuthMode": "AUDIT"},
            "WebAuthnConfiguration.FactorConfiguration": "SINGLE_FACTOR",
            "KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"},
        },
        apart=frozenset(
            {
                *("PoolName", "UserPoolTags"),  # the name; `tags`
                # What AWS says twice.
                *("LambdaConfig.PreTokenGeneration", "AdminCreateUserConfig.UnusedAccountValidityDays"),
                *("SmsVerificationMessage", "EmailVerificationMessage", "EmailVerificationSubject"),
                # There is one version.
                *("LambdaConfig.CustomEmailSender.LambdaVersion", "LambdaConfig.CustomSMSSender.LambdaVersion"),
            }
        ),
    )
]
