"""AWS on one machine. The edge is a package of its own, found in this checkout without being installed."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "packages" / "aws_edge"))
