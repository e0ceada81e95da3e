#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command of a Kubernetes container: k8s_job.py check|script MANIFEST JOB CONTAINER [INDEX]

`check` tests that the manifest of the shards has the documented properties. `script` prints a shell
script that sets a container's environment and replaces itself by its command, as a node does with
a pod of that completion index; values in the environment named KUBE_<NAME> replace those of the
ConfigMap, KUBE_COMMAND the program and KUBE_OPTIONS (parted by blanks) the options behind --shard.
"""

import os
import re
import shlex
import sys

import yaml


def find(documents, kind, name):
    for document in documents:
        if document["kind"] == kind and document["metadata"]["name"] == name:
            return document
    sys.exit(f"no {kind} '{name}'")


def find_container(job, name):
    pod = job["spec"]["template"]["spec"]
    for container in pod.get("initContainers", []) + pod["containers"]:
        if container["name"] == name:
            return container
    sys.exit(f"no container '{name}'")


def container_environment(documents, container):
    """The environment: env overrides envFrom, as in Kubernetes."""
    values = {}
    for source in container.get("envFrom", []):
        config = find(documents, "ConfigMap", source["configMapRef"]["name"])
        for name, value in config["data"].items():
            values[name] = os.environ.get("KUBE_" + name, value)
    for pair in container.get("env", []):
        values[pair["name"]] = pair["value"]
    for name, value in values.items():
        if not isinstance(value, str):
            sys.exit(f"{name}: Kubernetes takes strings only, this is {value!r}")
    return values


def container_command(container, values):
    """Replaces $(NAME) by its value; without a value it is unchanged, as in Kubernetes."""
    words = [re.sub(r"\$\((\w+)\)", lambda name: values.get(name[1], name[0]), word)
             for word in container["command"] + container["args"]]
    words[0] = os.environ.get("KUBE_COMMAND", words[0])
    if "KUBE_OPTIONS" in os.environ and "--shard=auto" in words:
        words[words.index("--shard=auto") + 1:] = os.environ["KUBE_OPTIONS"].split()
    return words


def pod_failure_action(job, container, status):
    for rule in job["spec"]["podFailurePolicy"]["rules"]:
        codes = rule.get("onExitCodes")
        if codes and codes.get("containerName", container) == container:
            if (status in codes["values"]) == (codes["operator"] == "In"):
                return rule["action"]
    return "Count"


def check(documents, job, container):
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    values = container_environment(documents, container)
    name = container["name"]
    checks = {
        "the job is indexed": spec["completionMode"] == "Indexed",
        "PATINA_SHARDS is completions": values["PATINA_SHARDS"] == str(spec["completions"]),
        "75 is tried again and not counted": pod_failure_action(job, name, 75) == "Ignore",
        "2 ends the job": pod_failure_action(job, name, 2) == "FailJob",
        "1 and 137 count": pod_failure_action(job, name, 1) == pod_failure_action(job, name, 137) == "Count",
        "podFailurePolicy may be used": pod["restartPolicy"] == "Never",
        "there is time to stop": pod.get("terminationGracePeriodSeconds", 30) > 10,
        "the output is on a volume":
            any(values["OUT"].startswith(mount["mountPath"] + "/")
                for mount in container["volumeMounts"]),
        "every name is known": "$(" not in " ".join(container_command(container, values)),
    }
    broken = [check for check, holds in checks.items() if not holds]
    if broken:
        sys.exit("does not hold: " + "; ".join(broken))


def main():
    action, manifests, job, name = sys.argv[1:5]
    documents = []
    for manifest in manifests.split(":"):
        with open(manifest, encoding="utf-8") as file:
            documents += [document for document in yaml.safe_load_all(file) if document]
    job = find(documents, "Job", job)
    container = find_container(job, name)
    if action == "check":
        check(documents, job, container)
        return
    values = container_environment(documents, container)
    if len(sys.argv) > 5:
        values["JOB_COMPLETION_INDEX"] = sys.argv[5]
    for variable, value in values.items():
        print(f"export {variable}={shlex.quote(value)}")
    print("exec " + shlex.join(container_command(container, values)))


if __name__ == "__main__":
    main()
