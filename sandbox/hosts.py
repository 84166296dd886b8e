"""EC2 instances of the sandbox: Debian containers that systemd boots, named by the instance id.

README.md says what is special about such a host, and why.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import resource
import subprocess
from collections.abc import Iterator

from sandbox import settings

SUITE = "bookworm"
PACKAGES = ["systemd", "systemd-sysv", "dbus", "python3", "python3-apt", "sudo", "curl", "ca-certificates", "iproute2"]
LABEL = "org.bioviewers.sandbox=host"
CA_BUNDLE_IN_HOST = "/etc/ssl/certs/ca-certificates.crt"

# How a host finds AWS. On real instances nothing of this is set.
AWS_ENVIRONMENT = {
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": settings.IMDS_URL,
    "AWS_ENDPOINT_URL": settings.HOST_ENDPOINT,
}
# A private authority of this machine (a proxy's) must be known to pip and Node.js too, which bring their own lists.
CA_ENVIRONMENT = dict.fromkeys(("PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), CA_BUNDLE_IN_HOST)
# Handed on where this machine has them: how packages are found here.
PASSED_ON = (
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT"),
    *("NPM_CONFIG_REGISTRY", "npm_config_registry"),
)

# What a host needs of the edge is at this machine, with a certificate of the sandbox's authority.
CA_IN_HOST = "/usr/share/ca-certificates/sandbox.crt"

# The SSM agent makes ssm-user with this very sudo rule at the first session. The unit ends before the host counts as
# booted, so nothing meets a half-filled list of authorities.
CUSTOMIZE = f"""set -eu
cd "$1"
printf '127.0.0.1 localhost\\n{settings.GATEWAY_ADDRESS} {settings.KEYS_DOMAIN}\\n' > etc/hosts
echo sandbox.crt >> etc/ca-certificates.conf
chroot . useradd --create-home --shell /bin/sh ssm-user
echo 'ssm-user ALL=(ALL) NOPASSWD:ALL' > etc/sudoers.d/ssm-agent-users
echo 'Defaults env_keep += "{" ".join([*AWS_ENVIRONMENT, *CA_ENVIRONMENT, *PASSED_ON])}"' > etc/sudoers.d/sandbox
chmod 0440 etc/sudoers.d/*
mkdir -p etc/systemd/system.conf.d etc/systemd/system/multi-user.target.wants
cat > etc/systemd/system.conf.d/sandbox.conf <<'EOF'
[Manager]
DefaultEnvironment={" ".join(f"{name}={value}" for name, value in AWS_ENVIRONMENT.items())}
EOF
cat > etc/systemd/system/sandbox-authorities.service <<'EOF'
[Unit]
Description=Trust the authorities of the machine that the sandbox runs on
[Service]
Type=oneshot
ExecStart=/usr/sbin/update-ca-certificates
EOF
ln -s ../sandbox-authorities.service etc/systemd/system/multi-user.target.wants/
"""

# Documentation is left out: it is a third of the size, and no role reads it.
MMDEBSTRAP = [
    *("mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", "--dpkgopt=force-unsafe-io"),
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "locale", "man")),
    *("--customize-hook", CUSTOMIZE, SUITE),
]
CHANGES = ['CMD ["/sbin/init"]', "STOPSIGNAL SIGRTMIN+3", "ENV container=podman"]
_RECIPE = hashlib.sha256(json.dumps([MMDEBSTRAP, CHANGES]).encode()).hexdigest()[:12]
REPOSITORY = "localhost/bioviewers-sandbox-host"
IMAGE = f"{REPOSITORY}:{_RECIPE}"


def podman(*arguments: str, check: bool = True) -> str:
    """Run podman; returns what it prints. Its words are in the exception when it fails."""
    command = ["podman", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if check and done.returncode:
        raise RuntimeError(f"podman {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def _exists(kind: str, name: str) -> bool:
    return subprocess.run(["podman", kind, "exists", name], check=False).returncode == 0


def build_image() -> None:
    """Make the image of the hosts unless it is there; one of an older recipe goes."""
    if _exists("image", IMAGE):
        return
    remove_images()
    archive = settings.STATE_DIR / "host.tar"
    with (settings.LOGS / "image.log").open("w") as log:
        done = subprocess.run([*MMDEBSTRAP, str(archive)], stdout=log, stderr=log, check=False)
    if done.returncode:
        raise RuntimeError(f"mmdebstrap could not make the image of the hosts: see {settings.LOGS}/image.log")
    podman("import", *(part for change in CHANGES for part in ("--change", change)), str(archive), IMAGE)
    archive.unlink()


def remove_images() -> None:
    """Remove the image of the hosts, those of older recipes too."""
    if names := podman("images", "--quiet", REPOSITORY).split():
        podman("rmi", "--force", *names)


def create_network() -> None:
    """Make the network of the hosts unless it is there."""
    if not _exists("network", settings.NETWORK):
        podman(
            "network",
            "create",
            f"--subnet={settings.SUBNET}",
            f"--gateway={settings.GATEWAY_ADDRESS}",
            settings.NETWORK,
        )


def remove_all() -> None:
    """Take every host and their network away."""
    if found := names():
        podman("rm", "--force", "--ignore", "--volumes", "--time=2", *found)
    if network_exists():
        podman("network", "rm", "--force", settings.NETWORK)


def network_exists() -> bool:
    """Whether the network of the hosts is there."""
    return _exists("network", settings.NETWORK)


def _limit(kind: int, ceiling: int) -> str:
    hard = resource.getrlimit(kind)[1]
    value = ceiling if hard == resource.RLIM_INFINITY else min(hard, ceiling)
    return f"{value}:{value}"


def _runtime() -> list[str]:
    """crun, podman's default, refuses cgroup v1 and the hybrid layout."""
    unified = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists()
    return [] if unified else ["--runtime=runc"]


def _environment() -> Iterator[str]:
    for name, value in {**AWS_ENVIRONMENT, **CA_ENVIRONMENT}.items():
        yield f"--env={name}={value}"
    # Without a value podman takes it from its own environment: an index address may hold a password.
    for name in PASSED_ON:
        if name in os.environ:
            yield f"--env={name}"


def _run_arguments(name: str) -> Iterator[str]:
    yield from _runtime()
    yield from ("run", "--detach", f"--name={name}", f"--hostname={name}", f"--label={LABEL}")
    # Its own hosts file and resolver: this machine's names point to 127.0.0.1, which there is the host itself.
    yield from (f"--network={settings.NETWORK}", "--no-hosts")
    # Without SYS_ADMIN systemd silently leaves out the sandboxing that units ask for.
    yield from ("--systemd=always", "--cap-add=SYS_ADMIN")
    yield f"--ulimit=nofile={_limit(resource.RLIMIT_NOFILE, 1048576)}"
    yield f"--ulimit=nproc={_limit(resource.RLIMIT_NPROC, 32768)}"
    if settings.LOCAL_CA_DIR.is_dir():
        yield f"--volume={settings.LOCAL_CA_DIR}:{settings.LOCAL_CA_DIR}:ro"
    yield f"--volume={settings.CA_FILE}:{CA_IN_HOST}:ro"
    yield from _environment()
    yield IMAGE


def boot(name: str) -> None:
    """Start the host `name`, booting until systemd has reached its target."""
    podman(*_run_arguments(name))
    execute(name, "systemctl", "is-system-running", "--wait", check=False)


def start(name: str) -> None:
    """Start a stopped host again."""
    podman("start", name)


def stop(name: str) -> None:
    """Shut the host down; its disk stays."""
    podman("stop", "--ignore", "--time=10", name)


def remove(name: str) -> None:
    """Take the host and its disk away."""
    podman("rm", "--force", "--ignore", "--volumes", "--time=2", name)


def execute(name: str, *command: str, check: bool = True) -> str:
    """Run a command as root on the host; returns what it prints."""
    return podman("exec", name, *command, check=check)


def is_booted(name: str) -> bool:
    """Whether the host runs and systemd has reached its target (`degraded`: with a failed unit)."""
    return execute(name, "systemctl", "is-system-running", check=False).strip() in ("running", "degraded")


def is_running(name: str) -> bool:
    """Whether the container runs, booted or not."""
    return podman("inspect", "--format={{.State.Running}}", name, check=False).strip() == "true"


def names() -> list[str]:
    """Every host, running or not."""
    return podman("ps", "--all", f"--filter=label={LABEL}", "--format={{.Names}}").split()


def address(name: str) -> str:
    """The address of a host in the sandbox's network; empty while it doesn't run."""
    template = f'{{{{(index .NetworkSettings.Networks "{settings.NETWORK}").IPAddress}}}}'
    return podman("inspect", f"--format={template}", name).strip()


def name_at(wanted: str) -> str | None:
    """The host that has the address `wanted`."""
    return next((name for name in names() if address(name) == wanted), None)
