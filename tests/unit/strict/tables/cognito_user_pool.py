"""cognito_user_pool, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table

ARN = "arn:aws:lambda:us-east-1:123456789012:function:{}"
POLICY = "Policies.PasswordPolicy"
REFUSED = "can't be changed once it is made. Make a pool of another name"
CODE = "Your code is {####}"
TOKENS = "LambdaConfig.PreTokenGenerationConfig"


def before(account):
    for name in ("lab", "lab-viewer2"):
        account.cognito.put_pool(f"us-east-1_{name.replace('-', '')}", PoolName=name)


TABLES = [
    Table(
        module="cognito_user_pool",
        kind="UserPool",
        before=before,
        asked={
            "name": "lab-viewer",
            "username_attributes": ["email"],
            "username_configuration": {"case_sensitive": False},
        },
        identity=frozenset({"name"}),
        absent={"deletion_protection": "INACTIVE"},
        fixed={
            "username_attributes": (["phone_number"], f"username_attributes {REFUSED}"),
            "username_configuration.case_sensitive": (True, f"username_configuration {REFUSED}"),
        },
        rows={
            "user_pool_tier": Row("ESSENTIALS", "PLUS", "UserPoolTier"),
            "auto_verified_attributes": Row(["email"], [], "AutoVerifiedAttributes"),
            "admin_create_user_config.allow_admin_create_user_only": Row(
                True, False, "AdminCreateUserConfig.AllowAdminCreateUserOnly"
            ),
            "password_policy.minimum_length": Row(14, 20, f"{POLICY}.MinimumLength"),
            "password_policy.require_lowercase": Row(True, False, f"{POLICY}.RequireLowercase"),
            "password_policy.require_uppercase": Row(True, False, f"{POLICY}.RequireUppercase"),
            "password_policy.require_numbers": Row(True, False, f"{POLICY}.RequireNumbers"),
            "password_policy.require_symbols": Row(False, True, f"{POLICY}.RequireSymbols"),
            "password_policy.temporary_password_validity_days": Row(
                3,
                5,
                f"{POLICY}.TemporaryPasswordValidityDays",
                also=("AdminCreateUserConfig.UnusedAccountValidityDays",),
            ),
            "mfa_configuration": Row("OFF", "OPTIONAL", "MfaConfiguration"),
            "lambda_config.pre_sign_up": Row(ARN.format("a"), ARN.format("b"), "LambdaConfig.PreSignUp"),
            "lambda_config.pre_authentication": Row(ARN.format("a"), ARN.format("b"), "LambdaConfig.PreAuthentication"),
            "lambda_config.pre_token_generation_config.lambda_arn": Row(
                ARN.format("a"), ARN.format("b"), f"{TOKENS}.LambdaArn", also=("LambdaConfig.PreTokenGeneration",)
            ),
            "lambda_config.pre_token_generation_config.lambda_version": Row("V1_0", "V2_0", f"{TOKENS}.LambdaVersion"),
            "deletion_protection": Row("ACTIVE", "INACTIVE", "DeletionProtection"),
            "tags": Row({"project": "lab"}, {"project": "lab", "owner": "ann"}, "tags"),
        },
        update="UpdateUserPool",
        theirs={
            f"{POLICY}.PasswordHistorySize": 3,
            "Policies.SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]},
            "LambdaConfig.CustomMessage": ARN.format("theirs"),
            "LambdaConfig.PostConfirmation": ARN.format("theirs"),
            "LambdaConfig.PostAuthentication": ARN.format("theirs"),
            "LambdaConfig.DefineAuthChallenge": ARN.format("theirs"),
            "LambdaConfig.CreateAuthChallenge": ARN.format("theirs"),
            "LambdaConfig.VerifyAuthChallengeResponse": ARN.format("theirs"),
            "LambdaConfig.UserMigration": ARN.format("theirs"),
            "LambdaConfig.CustomSMSSender": {"LambdaVersion": "V1_0", "LambdaArn": ARN.format("theirs")},
            "LambdaConfig.CustomEmailSender": {"LambdaVersion": "V1_0", "LambdaArn": ARN.format("theirs")},
            "LambdaConfig.KMSKeyID": "arn:aws:kms:us-east-1:123456789012:key/1",
            "LambdaConfig.InboundFederation": {"LambdaVersion": "V1_0", "LambdaArn": ARN.format("theirs")},
            "SmsVerificationMessage": CODE,
            "EmailVerificationMessage": CODE,
            "EmailVerificationSubject": "A code",
            "VerificationMessageTemplate.SmsMessage": CODE,
            "VerificationMessageTemplate.EmailMessage": CODE,
            "VerificationMessageTemplate.EmailSubject": "A code",
            "VerificationMessageTemplate.EmailMessageByLink": "Click {##here##}",
            "VerificationMessageTemplate.EmailSubjectByLink": "A link",
            "VerificationMessageTemplate.DefaultEmailOption": "CONFIRM_WITH_LINK",
            "SmsAuthenticationMessage": CODE,
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
            "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True},
            "EmailConfiguration": {
                "EmailSendingAccount": "DEVELOPER",
                "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/example.org",
                "From": "Lab <lab@example.org>",
            },
            "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x"},
            "SoftwareTokenMfaConfiguration": {"Enabled": True},
            "AdminCreateUserConfig.InviteMessageTemplate": {"EmailMessage": "{username} {####}", "EmailSubject": "Hi"},
            "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
            "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]},
            "KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"},
            "IssuerConfiguration": {"Type": "ORIGINAL"},
        },
        apart=frozenset(
            {
                *("PoolName", "UserPoolTags"),  # the name; `tags`
                # What AWS says twice.
                *("LambdaConfig.PreTokenGeneration", "AdminCreateUserConfig.UnusedAccountValidityDays"),
            }
        ),
    )
]
