"""Builds the package: whatever the checkout has at its top is installed below one import name, `bilet`."""

from setuptools import find_namespace_packages, setup

PARTS = ("shared", "services", "deploy")
found = find_namespace_packages(
    include=[name for part in PARTS for name in (part, f"{part}.*")], exclude=["deploy.bilet"]
)

setup(
    packages=["bilet", *(f"bilet.{name}" for name in found)],
    package_dir={"bilet": "deploy/bilet", **{f"bilet.{part}": part for part in PARTS}},
)
