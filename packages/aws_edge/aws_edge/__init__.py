"""The edge of the sandbox: load balancer, hosted login and CDN, set up as the AWS API says. See README.md."""
