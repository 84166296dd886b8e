"""EC2 instances of the sandbox: Debian containers that systemd boots, named by the instance id.

README.md says what is special about such a host, and why.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Iterator

from sandbox import settings
from sandbox.compute import containers
from sandbox.compute.containers import podman

SUITE = "bookworm"
PACKAGES = ["systemd", "systemd-sysv", "dbus", "python3", "python3-apt", "sudo", "curl", "ca-certificates", "iproute2"]
KIND = "host"
_BUILD_LOCK = pathlib.Path("/run/lock/bioviewers-sandbox-image.lock")
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
    *("--customize-hook", CUSTOMIZE),
]
CHANGES = ['CMD ["/sbin/init"]', "STOPSIGNAL SIGRTMIN+3", "ENV container=podman"]
_RECIPE = hashlib.sha256(json.dumps([MMDEBSTRAP, CHANGES]).encode()).hexdigest()[:12]
REPOSITORY = "localhost/bioviewers-sandbox-host"


def image_name(suite: str) -> str:
    """The image of a release of Debian, by today's recipe."""
    return f"{REPOSITORY}:{suite}-{_RECIPE}"


IMAGE = image_name(SUITE)


def build_image(suite: str = SUITE) -> None:
    """Make the image of the hosts unless it is there; one of an older recipe goes."""
    with _BUILD_LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not containers.exists("image", image_name(suite)):
            remove_images(suite)
            _bootstrap(suite)


def _bootstrap(suite: str) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        archive = f"{folder}/host.tar"
        command = [*MMDEBSTRAP, suite, archive]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"mmdebstrap could not make the image of the hosts: {done.stdout[-2000:]}")
        changes = (part for change in CHANGES for part in ("--change", change))
        podman("import", *changes, archive, image_name(suite))


def remove_images(suite: str = "") -> None:
    """Remove the images of the hosts, those of older recipes too; of one release of Debian or, without it, of all."""
    pattern = f"{REPOSITORY}:{suite}-*" if suite else REPOSITORY
    if names := podman("images", "--quiet", f"--filter=reference={pattern}").split():
        podman("rmi", "--force", *names)


def booting() -> Iterator[str]:
    """What podman must be told of a container that systemd boots."""
    # Without SYS_ADMIN systemd silently leaves out the sandboxing that units ask for.
    yield from ("--systemd=always", "--cap-add=SYS_ADMIN")
    if settings.LOCAL_CA_DIR.is_dir():
        yield f"--volume={settings.LOCAL_CA_DIR}:{settings.LOCAL_CA_DIR}:ro"


def passed_on() -> Iterator[str]:
    """How packages are found: where the private authorities are, and what this machine has in its environment."""
    for name, value in CA_ENVIRONMENT.items():
        yield f"--env={name}={value}"
    # Without a value podman takes it from its own environment: an index address may hold a password.
    for name in PASSED_ON:
        if name in os.environ:
            yield f"--env={name}"


def _creation(name: str, address: str | None) -> Iterator[str]:
    yield from containers.creation(name, KIND, "create")
    if address:
        yield f"--ip={address}"
    yield from booting()
    yield f"--volume={settings.CA_FILE}:{CA_IN_HOST}:ro"
    yield from passed_on()
    for variable, value in AWS_ENVIRONMENT.items():
        yield f"--env={variable}={value}"
    yield IMAGE


def create(name: str, address: str | None) -> None:
    """Make the host `name`, its disk and all, without booting it; without an address it gets any."""
    podman(*_creation(name, address))


def attach(name: str) -> None:
    """Give a host that does not run its network interface, so that it can be filtered before anything runs there."""
    podman("init", name)


def start(name: str) -> None:
    """Boot an attached host, until systemd has reached its target."""
    podman("start", name)
    execute(name, "systemctl", "is-system-running", "--wait", check=False)


def stop(name: str) -> None:
    """Shut the host down; its disk stays."""
    podman("stop", "--ignore", "--time=10", name)


def remove(name: str) -> None:
    """Take the host and its disk away."""
    containers.remove(name)


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
    return containers.names(KIND)


def address(name: str) -> str:
    """The address of a host in the sandbox's network; empty while it doesn't run."""
    found = containers.interfaces(name).get(name)
    return found.address if found else ""


def name_at(wanted: str) -> str | None:
    """The host that has the address `wanted`."""
    found = containers.interfaces(*names())
    return next((name for name, interface in found.items() if interface.address == wanted), None)
