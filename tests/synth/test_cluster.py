"""The cluster's stack: a private API, exact access, nodes and add-ons in order, nothing of any tenant (R17)."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_cdk import App, aws_eks_v2 as eks

import app as application
from foundation.cluster.versions import ADD_ONS
from stacks.cluster_stack import ClusterStack
from stacks.foundation_stack import FoundationStack
from stacks.network_stack import NetworkStack
from stacks.settings import load_settings
from stacks.settings.cluster import ClusterSettings
from tests.assemblies import assembly
from tests.templates import WITH_CLUSTER, Json, Template, template, written

with_a_cluster = pytest.mark.parametrize("environment", WITH_CLUSTER)


def stack(environment: str) -> Template:
    return template(environment, "cluster")


def settings(environment: str) -> ClusterSettings:
    found = load_settings(environment).environment.cluster
    assert found is not None
    return found


def comes_after(of: Template, logical_id: str) -> set[str]:
    """Everything that is there before `logical_id` is made: what it names, in any way, and so on."""
    seen: set[str] = set()
    waiting = [logical_id]
    while waiting:
        for name in _names(of.resources[waiting.pop()]) & of.resources.keys():
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


def _names(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["Ref"]} if "Ref" in node else {node["Fn::GetAtt"][0]} if "Fn::GetAtt" in node else set()
        depends = node.get("DependsOn", [])
        own |= set(depends if isinstance(depends, list) else [depends])
        return own.union(*(_names(value) for value in node.values()))
    return set().union(*(_names(item) for item in node)) if isinstance(node, list) else set()


def manifests(environment: str) -> dict[tuple[str, str], Json]:
    """What the stack applies, by kind and name; values that only a deployment knows as `<name>`."""
    return {
        (item["kind"], item["metadata"]["name"]): item
        for applied in stack(environment).properties("Custom::AWSCDK-EKS-KubernetesResource")
        for item in json.loads(written(applied["Manifest"]))
    }


@pytest.mark.parametrize("environment", ["dev"])
def test_an_environment_without_the_section_has_no_cluster(environment: str) -> None:
    assert load_settings(environment).environment.cluster is None


@with_a_cluster
def test_the_api_is_private_and_in_three_zones(environment: str) -> None:
    network = stack(environment).only("AWS::EKS::Cluster")["ResourcesVpcConfig"]
    assert (network["EndpointPrivateAccess"], network["EndpointPublicAccess"]) == (True, False)
    names = {written(subnet) for subnet in network["SubnetIds"]}
    assert len(names) == len(network["SubnetIds"]) == 3
    assert all("PrivateSubnet" in name for name in names)


@with_a_cluster
def test_the_api_admits_people_and_cdks_functions_beside_its_nodes(environment: str) -> None:
    cluster = stack(environment)
    [group] = cluster.only("AWS::EKS::Cluster")["ResourcesVpcConfig"]["SecurityGroupIds"]
    rules = [rule for rule in cluster.properties("AWS::EC2::SecurityGroupIngress") if rule["GroupId"] == group]
    assert {rule["Description"] for rule in rules} == {
        "Kubernetes API for people",
        "Kubernetes API for functions that apply manifests",
    }
    for rule in rules:
        assert "SourceSecurityGroupId" in rule
        assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)
    assert all("SecurityGroupIngress" not in found for found in cluster.properties("AWS::EC2::SecurityGroup"))


@with_a_cluster
def test_secrets_are_encrypted_under_the_clusters_own_key(environment: str) -> None:
    cluster = stack(environment)
    [encrypted] = cluster.only("AWS::EKS::Cluster")["EncryptionConfig"]
    assert encrypted["Resources"] == ["secrets"]
    key = cluster.resources[encrypted["Provider"]["KeyArn"]["Fn::GetAtt"][0]]
    assert key["Type"] == "AWS::KMS::Key"
    sids = {statement.get("Sid") for statement in key["Properties"]["KeyPolicy"]["Statement"]}
    assert "Volumes" not in sids, "whoever may use EBS could read Secrets"


@with_a_cluster
def test_every_control_plane_log_goes_to_a_group_that_is_there_before(environment: str) -> None:
    cluster = stack(environment)
    kinds = cluster.only("AWS::EKS::Cluster")["Logging"]["ClusterLogging"]["EnabledTypes"]
    assert {kind["Type"] for kind in kinds} == {"api", "audit", "authenticator", "controllerManager", "scheduler"}
    [group] = [
        logical_id
        for logical_id, found in cluster.of_type("AWS::Logs::LogGroup").items()
        if found["Properties"].get("LogGroupName") == f"/aws/eks/foundation-{environment}/cluster"
    ]
    assert group in comes_after(cluster, cluster.id_of("AWS::EKS::Cluster"))
    days = load_settings(environment).environment.log_retention_days
    assert cluster.resources[group]["Properties"]["RetentionInDays"] == days


@with_a_cluster
def test_log_groups_of_containers_have_retention_before_the_add_on_could_make_them(environment: str) -> None:
    names = {group.get("LogGroupName") for group in stack(environment).properties("AWS::Logs::LogGroup")}
    prefix = f"/aws/containerinsights/foundation-{environment}"
    assert {f"{prefix}/{kind}" for kind in ("application", "dataplane", "host", "performance")} <= names


@with_a_cluster
def test_its_creator_is_no_admin_and_access_is_by_entries(environment: str) -> None:
    access = stack(environment).only("AWS::EKS::Cluster")["AccessConfig"]
    assert access == {"AuthenticationMode": "API", "BootstrapClusterCreatorAdminPermissions": False}
    entries = {
        written(entry["PrincipalArn"]).strip("<>").removesuffix(".Arn")[:-8]: [
            written(policy["PolicyArn"]).rpartition("/")[2] for policy in entry["AccessPolicies"]
        ]
        for entry in stack(environment).properties("AWS::EKS::AccessEntry")
    }
    assert entries == {
        "AgentsControlPlaneKubectlRole": ["AmazonEKSClusterAdminPolicy"],
        "AgentsAccessAdmins": ["AmazonEKSClusterAdminPolicy"],
        "AgentsAccessReaders": ["AmazonEKSViewPolicy"],
        "AgentsAgentNodeRole": ["AmazonEKSAutoNodePolicy"],
    }


@with_a_cluster
@pytest.mark.parametrize(("role", "key"), [("AgentsAccessAdmins", "admins"), ("AgentsAccessReaders", "readers")])
def test_people_assume_the_roles_that_the_settings_let_them(environment: str, role: str, key: str) -> None:
    [made] = [
        found["Properties"]
        for logical_id, found in stack(environment).of_type("AWS::IAM::Role").items()
        if logical_id.startswith(role)
    ]
    [statement] = made["AssumeRolePolicyDocument"]["Statement"]
    assert written(statement["Principal"]["AWS"]) == "arn:aws:iam::<AWS::AccountId>:root"
    named = statement["Condition"]["ArnEquals"]["aws:PrincipalArn"]
    arns = [written(arn) for arn in (named if isinstance(named, list) else [named])]
    assert arns == [f"arn:aws:iam::<AWS::AccountId>:role/{name}" for name in getattr(settings(environment), key)]


@with_a_cluster
def test_auto_mode_is_on_without_pools_that_admit_everything(environment: str) -> None:
    cluster = stack(environment).only("AWS::EKS::Cluster")
    assert cluster["ComputeConfig"] == {"Enabled": True, "NodePools": []}
    assert cluster["StorageConfig"] == {"BlockStorage": {"Enabled": True}}
    assert cluster["KubernetesNetworkConfig"]["ElasticLoadBalancing"] == {"Enabled": True}
    assert cluster["BootstrapSelfManagedAddons"] is False


@with_a_cluster
def test_the_cluster_is_protected_as_the_settings_say(environment: str) -> None:
    cluster = stack(environment).only("AWS::EKS::Cluster")
    assert cluster["DeletionProtection"] is load_settings(environment).environment.protection.retain_data
    assert cluster["ZonalShiftConfig"] == {"Enabled": settings(environment).zonal_shift}
    assert cluster["UpgradePolicy"] == {"SupportType": "STANDARD"}
    assert cluster["Version"] == settings(environment).version


@with_a_cluster
def test_a_failed_first_deployment_leaves_no_cluster_in_the_way_of_the_next(environment: str) -> None:
    """A cluster that is kept when its stack goes is kept with what it works by; one that never was deployed is not.

    Its name is fixed, so a cluster that was left behind would stop the next attempt.
    """
    cluster = stack(environment)
    found = cluster.resources[cluster.id_of("AWS::EKS::Cluster")]
    [group] = (one["Fn::GetAtt"][0] for one in found["Properties"]["ResourcesVpcConfig"]["SecurityGroupIds"])
    role = found["Properties"]["RoleArn"]["Fn::GetAtt"][0]
    for kept in (found, cluster.resources[group], cluster.resources[role]):
        assert kept["DeletionPolicy"] == "RetainExceptOnCreate"


def groups(environment: str) -> dict[str, Json]:
    """Node groups by the value of their taint, None for the one without."""
    return {
        (group.get("Taints") or [{"Value": "none"}])[0]["Value"]: group
        for group in stack(environment).properties("AWS::EKS::Nodegroup")
    }


def test_production_has_the_node_groups_of_the_design() -> None:
    """Source 000, section 5.2."""
    general, compute = groups("prod")["none"], groups("prod")["compute-intensive"]
    assert general["InstanceTypes"] == ["m6i.large", "m6i.xlarge"]
    assert general["ScalingConfig"] == {"MinSize": 2, "MaxSize": 10, "DesiredSize": 3}
    assert compute["InstanceTypes"] == ["c6i.2xlarge", "c6i.4xlarge"]
    assert compute["ScalingConfig"] == {"MinSize": 0, "MaxSize": 20, "DesiredSize": 0}
    assert compute["Taints"] == [{"Key": "workload-type", "Value": "compute-intensive", "Effect": "NO_SCHEDULE"}]
    assert compute["Labels"] == {"workload-type": "compute-intensive"}


@with_a_cluster
def test_node_groups_are_replaced_one_by_one_and_never_by_force(environment: str) -> None:
    for group in stack(environment).properties("AWS::EKS::Nodegroup"):
        assert group["Version"] == settings(environment).version, "raised with the cluster, after it"
        assert group["UpdateConfig"] == {"MaxUnavailable": 1}
        assert group["ForceUpdateEnabled"] is False
        assert group["AmiType"].startswith("AL2023_")


@with_a_cluster
def test_no_pod_reaches_its_nodes_role_and_disks_are_encrypted(environment: str) -> None:
    templates = stack(environment).properties("AWS::EC2::LaunchTemplate")
    assert len(templates) == 2
    for made in templates:
        data = made["LaunchTemplateData"]
        assert data["MetadataOptions"] == {"HttpPutResponseHopLimit": 1, "HttpTokens": "required"}
        [disk] = data["BlockDeviceMappings"]
        assert disk["Ebs"]["Encrypted"] is True
        assert disk["Ebs"]["KmsKeyId"]["Fn::GetAtt"][0].startswith("NodeKey")
        assert disk["Ebs"]["VolumeType"] == "gp3"


@with_a_cluster
def test_add_ons_have_the_versions_of_the_clusters_version(environment: str) -> None:
    made = {addon["AddonName"]: addon for addon in stack(environment).properties("AWS::EKS::Addon")}
    assert {name: addon["AddonVersion"] for name, addon in made.items()} == ADD_ONS[settings(environment).version]
    assert {addon["ResolveConflicts"] for addon in made.values()} == {"OVERWRITE"}, "a conflict would end a creation"


def add_on_settings(environment: str, name: str) -> Json:
    """The configuration values of an add-on."""
    [addon] = [one for one in stack(environment).properties("AWS::EKS::Addon") if one["AddonName"] == name]
    found: Json = json.loads(addon["ConfigurationValues"])
    return found


@with_a_cluster
def test_network_policies_are_switched_on_by_the_add_on_alone(environment: str) -> None:
    """It writes the switch into a ConfigMap of its own; a second owner would take it away when the stack goes."""
    assert add_on_settings(environment, "vpc-cni")["enableNetworkPolicy"] == "true"
    assert ("ConfigMap", "amazon-vpc-cni") not in manifests(environment)


@with_a_cluster
def test_no_sdk_is_put_into_pods_that_did_not_ask_for_it(environment: str) -> None:
    signals = add_on_settings(environment, "amazon-cloudwatch-observability")["manager"]["applicationSignals"]
    assert signals == {"autoMonitor": {"monitorAllServices": False}}


@with_a_cluster
def test_autoscalers_have_the_metrics_that_they_scale_by(environment: str) -> None:
    """Their CPU metric is served by metrics-server; without it they stay at the number they began with."""
    folder = assembly(environment) / "manifests"
    autoscalers = [
        yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]
        for file in folder.rglob("*-horizontalpodautoscaler-*.yaml")
    ]
    assert autoscalers
    assert {metric["type"] for spec in autoscalers for metric in spec["metrics"]} == {"Resource"}
    addons = stack(environment).of_type("AWS::EKS::Addon")
    [metrics] = [name for name, found in addons.items() if found["Properties"]["AddonName"] == "metrics-server"]
    assert set(stack(environment).of_type("AWS::EKS::Nodegroup")) <= comes_after(stack(environment), metrics)


@with_a_cluster
def test_add_ons_that_call_aws_have_roles_for_their_own_service_account(environment: str) -> None:
    cluster = stack(environment)
    found = {}
    for addon in cluster.properties("AWS::EKS::Addon"):
        for association in addon.get("PodIdentityAssociations", ()):
            role = cluster.resources[association["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
            for statement in role["AssumeRolePolicyDocument"]["Statement"]:
                assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
                condition = statement["Condition"]["StringEquals"]
                assert condition["aws:RequestTag/kubernetes-service-account"] == association["ServiceAccount"]
                arn = written(condition["aws:RequestTag/eks-cluster-arn"])
                assert arn.endswith(f":cluster/foundation-{environment}")
            found[addon["AddonName"]] = association["ServiceAccount"]
    assert found == {
        "vpc-cni": "aws-node",
        "aws-ebs-csi-driver": "ebs-csi-controller-sa",
        "amazon-cloudwatch-observability": "cloudwatch-agent",
    }


@with_a_cluster
def test_things_come_in_the_order_in_which_they_need_each_other(environment: str) -> None:
    """Nodes need the network plugin, CoreDNS needs nodes, nodes for agents need what switches network policies on."""
    cluster = stack(environment)
    addons = {
        found["Properties"]["AddonName"]: logical_id for logical_id, found in cluster.of_type("AWS::EKS::Addon").items()
    }
    node_groups = set(cluster.of_type("AWS::EKS::Nodegroup"))
    for group in node_groups:
        assert {addons["vpc-cni"], addons["kube-proxy"], addons["eks-pod-identity-agent"]} <= comes_after(
            cluster, group
        )
    for name in ("coredns", "aws-ebs-csi-driver", "metrics-server", "amazon-cloudwatch-observability"):
        assert node_groups <= comes_after(cluster, addons[name])
    applied = cluster.of_type("Custom::AWSCDK-EKS-KubernetesResource")
    [pool] = [
        logical_id for logical_id, found in applied.items() if "NodePool" in written(found["Properties"]["Manifest"])
    ]
    assert applied.keys() - {pool} | set(addons.values()) <= comes_after(cluster, pool)


@with_a_cluster
def test_manifests_are_taken_away_while_the_api_still_admits_them(environment: str) -> None:
    """What is made before is deleted after: rules and roles outlive the last call of kubectl."""
    cluster = stack(environment)
    rules = set(cluster.of_type("AWS::EC2::SecurityGroupIngress"))
    for logical_id in cluster.of_type("Custom::AWSCDK-EKS-KubernetesResource"):
        before = comes_after(cluster, logical_id)
        assert rules <= before
        assert any("KubectlRoleDefaultPolicy" in name for name in before)
        assert any("FrameworkRuntime" in name for name in before)
        [entry] = [
            name
            for name, found in cluster.of_type("AWS::EKS::AccessEntry").items()
            if "KubectlRole" in written(found["Properties"]["PrincipalArn"])
        ]
        assert entry in before


@with_a_cluster
def test_nodes_for_agents_deny_by_default_and_keep_others_away(environment: str) -> None:
    applied = manifests(environment)
    spec = applied["NodeClass", "agents"]["spec"]
    assert spec["networkPolicy"] == "DefaultDeny"
    assert len(spec["subnetSelectorTerms"]) == 3
    assert len(spec["securityGroupSelectorTerms"]) == 2
    assert spec["ephemeralStorage"]["kmsKeyID"].startswith("<NodeKey")
    pool = applied["NodePool", "agents"]["spec"]
    assert pool["template"]["spec"]["nodeClassRef"]["name"] == "agents"
    assert pool["template"]["spec"]["taints"] == [{"key": "workload-type", "value": "agents", "effect": "NoSchedule"}]
    wanted = settings(environment).agents
    assert pool["limits"] == {"cpu": str(wanted.cpu_limit), "memory": f"{wanted.memory_limit_gib}Gi"}
    requirements = {item["key"]: item["values"] for item in pool["template"]["spec"]["requirements"]}
    assert requirements["kubernetes.io/arch"] == [wanted.architecture]
    assert ("spot" in requirements["karpenter.sh/capacity-type"]) is (wanted.capacity == "spot")


@with_a_cluster
def test_kubectl_runs_in_the_vpc_and_is_of_the_clusters_version(environment: str) -> None:
    functions = stack(environment).properties("AWS::Lambda::Function")
    assert len(functions) == 2
    for function in functions:
        assert len(function["VpcConfig"]["SubnetIds"]) == 3
        assert function["TracingConfig"] == {"Mode": "Active"}
    layers = [str(layer.get("Description")) for layer in stack(environment).properties("AWS::Lambda::LayerVersion")]
    assert any(text.startswith(f"/opt/kubectl/kubectl {settings(environment).version}.") for text in layers)


@with_a_cluster
def test_nothing_in_it_is_a_tenants(environment: str) -> None:
    text = json.dumps(stack(environment).body)
    assert [tenant for tenant in ("acme-corp", "globex") if tenant in text] == []


def test_a_manifest_of_another_stack_changes_nothing_in_the_clusters(tmp_path: Path) -> None:
    """So that the first tenant with workloads is its own stack and no other."""
    loaded = load_settings("gamma")
    app = App(context=application.feature_flags(), outdir=str(tmp_path))
    network = NetworkStack(app, settings=loaded)
    cluster = ClusterStack(app, settings=loaded, cluster=settings("gamma"), network=network.network)
    other = FoundationStack(app, "workloads", settings=loaded, description="Workloads")
    eks.KubernetesManifest(other, "Manifest", cluster=cluster.seen_from(other), manifest=[{"kind": "Namespace"}])
    app.synth()
    written_now = json.loads((tmp_path / cluster.template_file).read_text(encoding="utf-8"))
    assert written_now == stack("gamma").body
    applied = json.loads((tmp_path / other.template_file).read_text(encoding="utf-8"))["Resources"]
    [manifest] = [found for found in applied.values() if found["Type"] == "Custom::AWSCDK-EKS-KubernetesResource"]
    assert manifest["Properties"]["ClusterName"] == "foundation-gamma"
    token = manifest["Properties"]["ServiceToken"]["Fn::GetStackOutput"]
    assert (token["StackName"], token["OutputName"]) == ("foundation-gamma-cluster", "KubectlProvider")
    assert cluster in other.dependencies


@with_a_cluster
def test_subnets_are_told_to_load_balancers(environment: str) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/tag-subnets-auto.html."""
    for subnet in template(environment, "network").properties("AWS::EC2::Subnet"):
        tags = {tag["Key"]: tag["Value"] for tag in subnet["Tags"]}
        role = {"Private": "kubernetes.io/role/internal-elb", "Public": "kubernetes.io/role/elb"}
        if key := role.get(tags["aws-cdk:subnet-name"]):
            assert tags[key] == "1"
