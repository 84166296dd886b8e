"""Application Load Balancer, Cognito's hosted login and CloudFront, configured by the AWS API. See README.md."""
