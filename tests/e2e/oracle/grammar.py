# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Generates command lines of kubectl's read verbs: types, names, output forms, selectors, spellings, positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from tests.e2e.oracle.command_lines import Chunk, Line, parsed

# Operands of `get` by namespace: types "~" names. "" is the context's own namespace.
_GETS: Mapping[str, Sequence[str]] = {
    "odd": (
        *("cm", "cm", "gd", "gd", "gadgets", "gadgets.v1beta1.odd.example.com", "gadgets.v1.odd.example.com", "gadget"),
        *("cm~plain", "cm~lines texts", "cm~annotated", "cm~pretender", "cm~values", "cm~no-data", "cm~some-more"),
        *("cm~nope", "cm~plain nope", "cm~only-c1", "~cm/plain", "~cm/plain gd/whole", "~cm/nope gd/none", "gd~whole"),
        *("gd~size-1 size-3", "gd~lines-heading", "gd~text-tab", "cm,gd", "gd,cm,planets", "ev", "events", "all"),
        *("cm,nope", "cm,secrets", "secrets", "po", "deploy,po", "gd,ev", "cm~plain plain"),
        *(
            "cm~only-*",
            "cm~some*",
            "cm~zz*",
            "cm~pla?n",
            "cm~[ap]*",
            "gd~size-*",
            "gd~text-* lines-*",
            "cm~plain only-*",
        ),
        *("cm~some* zz*", "cm~zz* nope", "cm~nope some*", "cm,gd~*n*", "cm,gd~no-d*", "~cm/only-*", "~cm/s* gd/size-*"),
    ),
    "shop": (
        *(
            "po",
            "pods",
            "deploy",
            "deploy,sts",
            "deploy,svc",
            "all",
            "svc",
            "~deploy/cart",
            "~deploy/cart sts/db",
            "sa",
        ),
        *("secrets", "ev", "pvc", "widgets", "wd~w1", "cm", "hpa,ing", "jobs", "deploy,widgets", "deploy~cart nope"),
        *(
            "pod~solo",
            "po~solo nope",
            "rs,po",
            "roles",
            "po~cart-*",
            "po~sol?",
            "deploy,sts~*",
            "all~c*",
            "deployments.apps",
        ),
    ),
    "": (
        "po",
        "svc",
        "deploy~web",
        "nodes",
        "no",
        "ns",
        "planets",
        "pl~earth",
        "pl~ea*",
        "pv",
        "crd",
        "nope",
        "ns~o*",
        "rs",
    ),
}

_TEMPLATES = (
    "{.items[*].metadata.name}",
    '{range .items[*]}{.metadata.name}{"\\n"}{end}',
    '{range .items[*]}{.metadata.name}{"\\n\\n"}{end}',
    '{range .items[*]}{.metadata.name}{"\\t"}{.data.heading}{"\\n"}{end}',
    *("{.metadata.name}", "{.items[-1:].metadata.name}", "{.items[0].metadata.name}", "{..a}", "{.kind}", "{.nope}"),
    *("{.data}", "{.items[*].spec.title}", "{.data.blank-lines}", "text", "{.items", "", ".items[*].metadata.name"),
    '{range .items[*]}{.metadata.name}{"\\r\\n"}{end}',
)
_GO_TEMPLATES = (
    '{{range .items}}{{.metadata.name}}{{"\\n"}}{{end}}',
    "{{range .items}}{{.metadata.name}} {{end}}",
    *("{{.kind}}", "{{.metadata.name}}", "{{len .items}}", "{{.data}}", "{{range .items}}{{.nope.nope}}{{end}}", "{{"),
    '{{range .items}}{{index .metadata "creationTimestamp"}}{{"\\n"}}{{end}}{{"\\n"}}',
    *('{{"/wAK" | base64decode}}', '{{range .items}}{{printf "%s\\t%s" .kind .metadata.name}}{{"\\n"}}{{end}}'),
)
_CUSTOM_COLUMNS = (
    *("N:.metadata.name", "NAME:.metadata.name,A:.data.a", "CLUSTER:.metadata.name,NAME:.kind", "KIND:.kind"),
    *("A:.metadata.name,A:.kind", "TWO WORDS:.metadata.name,日本:.spec.title", "NAME:.metadata.name,T:.spec.title"),
    *("NAME:.metadata.name,DATA:.data", "L:.metadata.labels,Cluster:.metadata.namespace,NAME:.metadata.name"),
    *("NAME:.metadata.name,H:.data.heading,B:.data.blank-lines", "NAME:.metadata.name,S:.spec.size,X:.spec.nope"),
    *("A   B:.metadata.name,C:.kind", "NAME:.metadata.name, X :.kind", "NAME:metadata.name", ".metadata.name", "N:"),
)
_FILES = ("plain.yaml", "two.yaml", "missing.yaml", "json.json", "folder")
_SORTS = (
    *(".metadata.name", ".metadata.creationTimestamp", ".spec.size", ".spec.count", ".data.sort", ".data.a"),
    *(".metadata.labels.tier", "{.metadata.namespace}", ".spec.nope", "metadata.name", ".metadata[", ".spec.title"),
)


def _output(random: Random, form: str, value: str = "") -> Chunk:
    """Return -o in any spelling. value: what follows the form's `=`."""
    text, form = f"{form}={value}" if value else form, form.lower()
    spellings = ([f"-o{text}"], ["-o", text], [f"-o={text}"], ["--output", text], [f"--output={text}"])
    return Chunk(tuple(random.choice(spellings)), f"output {form}")


def _get_output(random: Random) -> Chunk | None:
    """Return an output form of `get`, or None for a table."""
    choice = random.random()
    if choice < 0.3:
        return None
    if choice < 0.38:
        return _output(random, "wide")
    if choice < 0.58:
        return _output(random, random.choice(("json", "json", "yaml", "yaml", "kyaml", "JSON", "Yaml")))
    if choice < 0.66:
        return _output(random, "name")
    if choice < 0.78:
        form = random.choice(("jsonpath", "jsonpath", "jsonpath", "jsonpath-as-json", "jsonpath-file"))
        value = "template.jsonpath" if form == "jsonpath-file" else random.choice(_TEMPLATES)
        return _output(random, form, value)
    if choice < 0.86:
        if random.random() < 0.15:
            template = f"--template={random.choice(_GO_TEMPLATES)}"
            return Chunk(random.choice(((template,), ("-o", "go-template", template))), "output go-template")
        form = random.choice(("go-template", "go-template", "template", "go-template-file"))
        return _output(random, form, "template.gotmpl" if form.endswith("file") else random.choice(_GO_TEMPLATES))
    if choice < 0.99:
        form = random.choice(("custom-columns", "custom-columns", "custom-columns", "custom-columns-file"))
        return _output(random, form, "columns.txt" if form.endswith("file") else random.choice(_CUSTOM_COLUMNS))
    return _output(random, "nope")


def _valued(random: Random, name: str, value: str, kind: str = "flag", short: str = "") -> Chunk:
    """Return a flag with a value in any spelling."""
    name = "".join("_" if letter == "-" and random.random() < 0.2 else letter for letter in name)
    spellings = [[f"--{name}={value}"], [f"--{name}", value]]
    spellings += [[f"-{short}", value], [f"-{short}{value}"], [f"-{short}={value}"]] if short else []
    return Chunk(tuple(random.choice(spellings)), kind)


def _switch(random: Random, name: str, kind: str = "flag") -> Chunk:
    """Return a flag without a value in any spelling."""
    name = "".join("_" if letter == "-" and random.random() < 0.2 else letter for letter in name)
    return Chunk((random.choice((f"--{name}", f"--{name}", f"--{name}=true")),), kind)


def _get(random: Random) -> list[Chunk]:
    """Return the flags and operands of a `get`."""
    if random.random() < 0.04:
        path = random.choice(("/api/v1/namespaces/odd/configmaps/plain", "/version", "/nope", "/apis/odd.example.com"))
        return [Chunk((f"--raw={path}",), "operand")]
    chunks = []
    namespace = random.choice(("odd", "odd", "odd", "shop", "shop", ""))
    if random.random() < 0.05:
        chunks.append(_valued(random, "filename", random.choice(_FILES), "file", "f"))
        has_names = True
    else:
        types, _, names = random.choice(_GETS[namespace]).partition("~")
        chunks += [Chunk((types,), "type")] if types else []
        chunks += [Chunk((name,), "name") for name in names.split()]
        has_names = bool(names)
    if namespace:
        chunks.append(_valued(random, "namespace", namespace, "namespace", "n"))
    if random.random() < 0.15:
        chunks = [chunk for chunk in chunks if chunk.kind != "namespace"]
        chunks.append(random.choice((Chunk(("-A",), "namespace"), _switch(random, "all-namespaces", "namespace"))))
    output = _get_output(random)
    chunks += [output] if output else []
    if not has_names and random.random() < 0.15:
        selector = random.choice(("app=odd", "app", "tier!=back", "group=size", "app in (odd,cart)", "x=y", "a=b=c"))
        chunks.append(_valued(random, "selector", selector, short="l"))
    if not has_names and random.random() < 0.05:
        chunks.append(
            _valued(random, "field-selector", random.choice(("metadata.name=plain", "metadata.name!=plain", "x=y")))
        )
    if random.random() < 0.25:
        chunks.append(_valued(random, "sort-by", random.choice(_SORTS), "sort"))
    for name in ("show-labels", "show-kind", "no-headers", "no-headers", "ignore-not-found", "show-managed-fields"):
        chunks += [_switch(random, name)] if random.random() < 0.06 else []
    if random.random() < 0.06:
        chunks.append(_valued(random, "label-columns", random.choice(("app", "tier,nope", "app,app")), short="L"))
    if random.random() < 0.04:
        flags = (
            "--chunk-size=2",
            "--server-print=false",
            "--allow-missing-template-keys=false",
            "--subresource=status",
        )
        chunks.append(Chunk((random.choice(flags),)))
    return chunks


# Other verbs: VERB WORDS, where "~" stands between the words of a flag, and "'" around what has blanks.
_OTHERS = """
get cm -n~odd -w --request-timeout=2s
get cm -n~odd -w --request-timeout=2s -o~name
get cm plain -n~odd -w --request-timeout=2s -o~json
describe cm -n~odd
describe cm plain -n~odd
describe cm lines texts -n~odd
describe cm nope -n~odd
describe cm plain nope -n~odd
describe cm only-c1 -n~odd
describe cm only-* -n~odd
describe cm some* -n~odd
describe cm zz* -n~odd
describe cm some -n~odd
describe gd whole text-tab -n~odd
describe cm,gd -l~app=odd -n~odd
describe deploy cart -n~shop
describe deploy/cart sts/db -n~shop
describe pods -l~app=cart -n~shop
describe pods -n~none
describe planets
describe node
describe nope
describe secrets -n~shop
describe cm pl -n~odd --show-events=false
describe -f~plain.yaml
describe -f~folder -R
events -n~odd
events -n~odd --types=Warning
events -n~odd --for=cm/plain
events -n~odd --no-headers
events -n~none
events -A
events -n~shop
events -n~shop -o~json
events -n~odd -o~yaml
events -n~odd -o~name
events -n~odd -o~jsonpath={.items[*].message}
top pods -n~shop
top pods -A --sum
top pods -n~shop --containers --no-headers
top pods -A --sort-by=cpu
top nodes
top nodes --no-headers
top pods nope -n~shop
api-resources
api-resources --api-group=odd.example.com
api-resources --api-group=odd.example.com -o~json
api-resources --namespaced=false --no-headers
api-resources --verbs=list,watch --sort-by=name
api-resources -o~name
api-resources -o~wide --api-group=apps
api-resources --sort-by=kind
api-resources --sort-by=nope
api-versions
explain cm
explain gd.spec
explain deploy.spec.strategy
explain planets
explain nope
explain cm.nope
explain deploy --recursive
version
version -o~json
version -o~yaml
version --warnings-as-errors
cluster-info
auth can-i get pods
auth can-i get secrets -n~shop
auth can-i create deploy -A
auth can-i get nope
auth can-i --list
auth can-i --list -n~shop --no-headers
auth can-i get pods -q
auth whoami
auth whoami -o~json
auth whoami -o~yaml
auth whoami -o~jsonpath={.status.userInfo.username}
diff -f~plain.yaml
diff -f~two.yaml
diff -f~json.json
diff -f~missing.yaml
diff -f~same.yaml
rollout history deploy/cart -n~shop
rollout history deploy -n~shop
rollout history deploy/cart -n~shop --revision=1
rollout history deploy/cart -n~shop -o~json
rollout history deploy/nope -n~shop
rollout status deploy/cart -n~shop --timeout=10s
rollout status deploy -n~shop --timeout=10s
rollout status deploy/nope -n~shop --timeout=10s
rollout status deploy -n~none --timeout=10s
wait cm/plain -n~odd --for=jsonpath={.data.a}=b --timeout=10s
wait cm/plain -n~odd --for=create -v=6
wait cm/plain cm/lines -n~odd --for=jsonpath={.metadata.name} --timeout=10s
wait cm/nope -n~odd --for=delete --timeout=10s
wait cm/nope -n~odd --for=jsonpath={.data.a}=b --timeout=10s
wait cm/only-c1 -n~odd --for=create --timeout=2s
wait cm/only-c1 -n~odd --for=jsonpath={.metadata.name} --timeout=10s
wait cm/plain -n~odd --for=jsonpath={.metadata.name} --timeout=10s -o~json
wait deploy/cart -n~shop --for=condition=Available --timeout=10s -o~name
wait cm -n~none --all --for=delete --timeout=10s
logs deploy/cart -n~shop -c~app --tail=2
logs deploy/cart -n~shop
logs deploy/cart -n~shop -c~nope
logs -l~app=cart -n~shop -c~app --tail=2
logs -l~app=cart -n~shop --all-containers --prefix --tail=1
logs solo -n~shop --tail=1
logs nope -n~shop
logs -l~app=nope -n~shop
logs deploy/cart -n~shop -c~app --previous
apply view-last-applied cm/applied -n~odd
apply view-last-applied cm/applied -n~odd -o~json
apply view-last-applied cm -n~odd -l~app=odd
apply view-last-applied cm/plain -n~odd
""".strip().splitlines()


def generate_line(random: Random) -> Line:
    """Return a line, mostly a `get`, with its flags in any place."""
    if random.random() < 0.35:
        chunks = list(parsed(random.choice(_OTHERS)).chunks)
        verb = [chunk for chunk in chunks if chunk.kind == "verb"]
        rest = [chunk for chunk in chunks if chunk.kind != "verb"]
    else:
        verb, rest = [Chunk(("get",), "verb")], _get(random)
    operands = [chunk for chunk in rest if chunk.kind in ("type", "name", "operand")]
    flags = [chunk for chunk in rest if chunk.kind not in ("type", "name", "operand")]
    if random.random() < 0.05 and verb[0].words != ("logs",):
        folds = Chunk((random.choice(("--fold", "--fold=true", "--fold=false")),), "ours")
        typed = Line((*verb, *rest, folds))
        # Documents, and what is shown as it comes, are refused.
        if folds.words == ("--fold=false",) or not (typed.is_streamed or typed.shape in ("objects", "results")):
            flags.append(folds)
    line, ahead = operands, []
    for flag in flags:
        # Ahead of the verb, only a flag of which kubectl knows there that it has a value.
        if random.random() < 0.2 and ("=" in flag.words[0] or len(flag.words) == 2):
            ahead.append(flag)
        else:
            line.insert(random.choice((len(line), random.randint(0, len(line)))), flag)
    return Line((*ahead, *verb, *line))


# Lines that show all awkward data in each form, and lines whose answers were wrong once. They are tried ahead of the
# generated ones.
KNOWN_LINES = r"""
get cm -n~odd -o~json
get cm -n~odd -o~yaml
get cm,gd -n~odd -o~kyaml
get gd -n~odd -o~wide
get gd,cm,ev -n~odd
get gd -A -L~group
get gd -n~odd -o~custom-columns=CLUSTER:.metadata.name,NAME:.spec.title,NAME:.spec.size
get cm only-* plain -n~odd -o~yaml
describe cm -n~odd
describe cm only-* -n~odd
events -n~odd
get cm,gd -n~odd --field-selector=metadata.name=plain
get cm,secrets -n~odd
get cm,nope -n~odd --sort-by=.metadata.labels.tier -o~json
get gd,ev -n~odd -o~jsonpath={.items[*].metadata.name} --sort-by=.metadata.name
get gd -n~odd -o~go-template-file=template.gotmpl --sort-by=.spec.count
get gd -n~odd --sort-by=.spec.size --server-print=false
get gd -n~odd --sort-by=.spec.title
get gd size-1 size-3 -n~odd -o~jsonpath-file=template.jsonpath --sort-by=.metadata.name
get pvc -n~shop --sort-by=.data.sort
get pvc -n~shop --sort-by=.data.sort --no-headers
get po solo nope -n~shop --sort-by=.metadata.labels.tier
get cm -n~odd -o~name --sort-by=.metadata[
get gd,cm -n~none -o~name --sort-by=.metadata[
get gd -n~odd --sort-by=.data.sort --fold
get secrets --sort-by=.spec.count --allow-missing-template-keys=false
get -f~folder --sort-by=.spec.size
get po -o~'jsonpath={range .items[*]}{.metadata.name}{"\n\n"}{end}'
get secrets -n~odd -o~'go-template={{range .items}}{{.metadata.name}}{{end}}{{"\n"}}'
get po -o~jsonpath-as-json={.items
get -f~plain.yaml -o~go-template={{.kind}}
get -f~two.yaml -o~json
get -f~json.json
get -f~json.json -n~shop -o~name
get -f~missing.yaml
get cm pla?n -n~odd -o~jsonpath={.data}
get cm only-* -n~odd -o~go-template={{.kind}}
get cm,gd no-d* -n~odd
get cm,gd no-d* -n~odd -o~jsonpath-file=template.jsonpath
get cm zz* nope -n~odd -o~custom-columns=NAME:.metadata.name
get cm/s* gd/size-* -n~odd
get ns o* --fold
get cm,gd -n~odd --fold
get gd -n~odd -o~wide --fold --no-headers
get po,deploy -A --fold
get cm -A -o~name --fold
get gd -n~odd -o~custom-columns=T:.spec.title,CLUSTER:.spec.cluster --fold
get gd -n~odd -o~jsonpath={.items[*].metadata.name} --fold
events -n~odd --fold
describe cm plain -n~odd --fold
get ns --show-labels -o~'custom-columns=NAME:.metadata.name, X :.kind'
get cm plain -n~odd -v=6
get gadgets.v1beta1.odd.example.com,gadgets.v1.odd.example.com -n~odd
get gd -n~odd -o~custom-columns=T:.spec.title,CLUSTER:.spec.cluster --no-headers
get gd -n~odd -o~custom-columns=S:.spec.size --sort-by=.spec.size
get secrets -n~shop -o~custom-columns=NAME:.metadata.name --no-headers
get cm,nope -n~odd -o~wide
apply view-last-applied -f~plain.yaml
events -n~odd -o~jsonpath={.items[*].message}
events -n~odd --no-headers
rollout status deploy/nope -n~shop --timeout=10s
wait cm/only-c1 -n~odd --for=jsonpath={.metadata.name} --timeout=10s
wait cm/plain -n~odd --for=create -v=6
version --warnings-as-errors
auth can-i get nope
logs deploy/cart -n~shop -c~app --tail=2
""".strip().splitlines()
