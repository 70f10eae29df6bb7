"""What a checkpoint must hold: read in either form, and every fault named with what was expected and found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from backend.checkpoint import Checkpoint, load
from backend.errors import (
    CheckpointError,
    DamagedFile,
    MisshapenTensor,
    MissingFile,
    MissingTensor,
    SurplusTensor,
    UnsupportedCheckpoint,
)
from backend.spec import ModelSpec
from backend.split import Split
from backend.weights import published
from support.models import COMMON, Saved, logits_of, save, some_tokens

DOWN = "model.layers.1.mlp.down_proj.weight"


@pytest.fixture
def copy(llama: Saved, tmp_path: Path) -> Path:
    """A folder whose files a test may spoil."""
    return Path(shutil.copytree(llama.folder, tmp_path / "copy"))


def change(folder: Path, changed: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / "model.safetensors")
    changed(tensors)
    save_file(tensors, folder / "model.safetensors")


def opened(folder: Path) -> Checkpoint:
    return Checkpoint(folder, ModelSpec.from_folder(folder))


def test_shards_are_one_checkpoint(llama: Saved, tmp_path: Path) -> None:
    sharded = save(tmp_path, "llama", shard_bytes=100_000)
    assert len(list(tmp_path.glob("*.safetensors"))) > 2
    tokens = some_tokens(20)
    assert torch.equal(logits_of(sharded.runner(), tokens), logits_of(llama.runner(), tokens))


def test_each_rank_reads_its_rows_and_columns_only(llama: Saved) -> None:
    spec = llama.spec()
    whole = load(llama.folder, spec)
    parts = [load(llama.folder, spec, Split.of(spec, rank, 2)) for rank in range(2)]
    assert torch.equal(torch.cat([part.layers[1].o for part in parts], dim=1), whole.layers[1].o)
    assert torch.equal(torch.cat([part.layers[1].mlp.down for part in parts], dim=1), whole.layers[1].mlp.down)
    assert torch.equal(torch.cat([part.embed for part in parts]), whole.embed)
    assert sum(part.bytes for part in parts) < 1.02 * whole.bytes


def test_tied_embeddings_are_in_memory_once(tmp_path: Path) -> None:
    saved = save(tmp_path, "qwen2", tie_word_embeddings=True)
    weights = load(tmp_path, saved.spec())
    assert weights.head is weights.embed


def test_a_head_beside_tied_embeddings_is_left_alone(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": True}))
    weights = load(copy, ModelSpec.from_folder(copy))
    assert weights.head is weights.embed


def test_weights_of_another_float_are_converted(copy: Path) -> None:
    spec = ModelSpec.from_folder(copy)
    change(copy, lambda tensors: tensors.update({name: value.half() for name, value in tensors.items()}))
    assert load(copy, spec).layers[0].qkv.dtype is torch.float32


def test_old_tables_of_angles_are_left_alone(copy: Path) -> None:
    change(copy, lambda tensors: tensors.update({"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(8)}))
    opened(copy)


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (lambda tensors: tensors.pop(DOWN), MissingTensor, f"{DOWN} missing"),
        (lambda tensors: tensors.update({DOWN: torch.ones(64, 95)}), MisshapenTensor, r"\[64, 96\], found \[64, 95\]"),
        (lambda tensors: tensors.update({DOWN: torch.ones(96)}), MisshapenTensor, r"\[64, 96\], found \[96\]"),
        (lambda tensors: tensors.update({DOWN: torch.ones(64, 96).to(torch.int8)}), MisshapenTensor, "F32, found I8"),
        (lambda tensors: tensors.update({"model.extra": torch.ones(2)}), SurplusTensor, "no place for model.extra"),
    ],
)
def test_tensors_that_do_not_fit_are_named(
    spoil: Callable[[dict[str, torch.Tensor]], object], error: type[CheckpointError], said: str, copy: Path
) -> None:
    change(copy, spoil)
    with pytest.raises(error, match=said):
        opened(copy)


def test_many_missing_tensors_are_counted(copy: Path) -> None:
    change(copy, lambda tensors: [tensors.pop(name) for name in list(tensors) if "layers.2" in name])
    with pytest.raises(MissingTensor, match=r"layers\.2\.input_layernorm\.weight.* and 4 more missing") as caught:
        opened(copy)
    assert len(caught.value.names) == 9


@pytest.mark.parametrize("left", [0, 5, 100, 5000, -1])
def test_a_file_that_is_cut_short_is_named_with_its_size(left: int, copy: Path) -> None:
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(DamagedFile, match=r"model\.safetensors: expected .*\d+.* found \d+"):
        opened(copy)


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04" + bytes(100), (4).to_bytes(8, "little") + b"nope", b"\x02" + bytes(7) + b"[]"]
)
def test_a_file_of_another_format_is_named(content: bytes, copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(content)
    with pytest.raises(DamagedFile, match=r"model\.safetensors"):
        opened(copy)


def test_missing_files_are_named(copy: Path, tmp_path: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(MissingFile, match=r"found pytorch_model\.bin; only safetensors files are read"):
        opened(copy)
    (copy / "config.json").unlink()
    with pytest.raises(MissingFile, match=r"config\.json"):
        ModelSpec.from_folder(copy)


def test_faults_of_an_index_are_named(tmp_path: Path) -> None:
    save(tmp_path, "llama", shard_bytes=100_000)
    index = tmp_path / "model.safetensors.index.json"
    content = json.loads(index.read_text())
    index.write_text(
        json.dumps({"weight_map": {**content["weight_map"], "model.more": "model-00009-of-00009.safetensors"}})
    )
    with pytest.raises(MissingFile, match="model-00009-of-00009"):
        opened(tmp_path)
    some = content["weight_map"][DOWN]
    index.write_text(json.dumps({"weight_map": {**content["weight_map"], "model.more": some}}))
    with pytest.raises(MissingTensor, match=r"by its model\.safetensors\.index\.json: model\.more missing"):
        opened(tmp_path)
    for bad in ("{", "[]", '{"weight_map": {"a": "../b.safetensors"}}', '{"weight_map": {"a": 3}}'):
        index.write_text(bad)
        with pytest.raises(DamagedFile, match=r"index\.json"):
            opened(tmp_path)


QWEN = {**COMMON, "model_type": "qwen2", "rms_norm_eps": 1e-6}


def test_old_spellings_of_a_config_mean_the_same() -> None:
    yarn = {"factor": 4.0, "original_max_position_embeddings": 128}
    new = {"rope_parameters": {**yarn, "rope_type": "yarn", "rope_theta": 1e6}, "dtype": "bfloat16"}
    old = {"rope_scaling": {**yarn, "type": "yarn"}, "rope_theta": 1e6, "torch_dtype": "bfloat16"}
    spec = ModelSpec.from_config({**QWEN, **new})
    assert ModelSpec.from_config({**QWEN, **old}) == spec
    assert spec.dtype is torch.bfloat16
    assert (spec.rope.kind, spec.rope.theta, spec.rope.factor) == ("yarn", 1e6, 4.0)


def test_yarn_reaches_beyond_what_the_config_calls_the_longest() -> None:
    rope = {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0, "original_max_position_embeddings": 32768}
    config = {**QWEN, "max_position_embeddings": 32768, "rope_parameters": rope}
    assert ModelSpec.from_config(config).max_positions == 131072


def test_ends_of_an_answer_come_from_both_configs() -> None:
    assert ModelSpec.from_config({**QWEN, "eos_token_id": 3}, {"eos_token_id": [5, 3]}).eos == (3, 5)
    assert ModelSpec.from_config(QWEN).eos == ()


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"model_type": "gpt2"}, "model_type"),
        ({"model_type": None}, "model_type"),
        ({"hidden_size": None}, "hidden_size"),
        ({"num_hidden_layers": "3"}, "num_hidden_layers"),
        ({"vocab_size": 0}, "vocab_size"),
        ({"num_key_value_heads": 3}, "num_key_value_heads"),
        ({"hidden_act": "gelu"}, "hidden_act"),
        ({"mlp_bias": True}, "mlp_bias"),
        ({"tie_word_embeddings": "yes"}, "tie_word_embeddings"),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantization_config"),
        ({"use_sliding_window": True, "sliding_window": 128}, "use_sliding_window"),
        ({"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 128}, "layer_types"),
        ({"layer_types": ["linear_attention"]}, "layer_types"),
        ({"rope_scaling": {"type": "dynamic", "factor": 2.0}}, "rope_scaling"),
        ({"rope_parameters": {"rope_type": "longrope"}}, "rope_parameters"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "rope_parameters"),
        ({"rope_parameters": {"rope_type": "yarn", "factor": "4"}}, "factor"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor"),
        ({"head_dim": 15}, "head_dim"),
        ({"torch_dtype": "float8_e4m3fn"}, "torch_dtype"),
    ],
)
def test_what_is_not_computed_is_refused_by_its_key(changes: dict[str, object], key: str) -> None:
    with pytest.raises(UnsupportedCheckpoint) as caught:
        ModelSpec.from_config({**QWEN, **changes})
    assert caught.value.key == key


def test_a_window_as_long_as_the_context_changes_nothing() -> None:
    config = {**QWEN, "sliding_window": 512, "layer_types": ["full_attention"]}
    for flag in (False, True):
        assert ModelSpec.from_config({**config, "use_sliding_window": flag})
    assert ModelSpec.from_config({**config, "use_sliding_window": False, "sliding_window": 128})


def test_published_names_are_those_of_the_files(model: Saved) -> None:
    from safetensors import safe_open

    with safe_open(model.folder / "model.safetensors", framework="pt") as file:
        found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    assert published(model.spec()) == found
