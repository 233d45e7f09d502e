"""TensorBoard: a folder per run, by its own writer and by tensorboardX."""

import json
import sys
from pathlib import Path

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util
from tensorboardX import SummaryWriter

folder = Path(sys.argv[1])
logged = json.loads((Path(__file__).parent / "logged.json").read_text())

for method, curves in logged.items():
    for seed, curve in enumerate(curves):
        # Simple values, as tensorboardX and torch write them.
        writer = SummaryWriter(str(folder / "simple" / method / f"seed{seed}"))
        for step, value in enumerate(curve):
            writer.add_scalar("valid/accuracy", value, step)
            writer.add_scalar("valid/loss", 1 - value, step)
            writer.add_histogram("weights", np.arange(9.0), step)
        writer.close()

        # Tensors, as TensorFlow 2 writes them, with hyperparameters.
        target = EventFileWriter(str(folder / "tensors" / f"trial {len(list((folder / 'tensors').glob('*')))}"))
        session = hparams_pb({"model": method, "seed": seed, "lr": 0.1, "nesterov": True}, trial_id=f"{method}-{seed}")
        target.add_event(event_pb2.Event(summary=session))
        for step, value in enumerate(curve):
            metadata = summary_pb2.SummaryMetadata(
                plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="scalars"),
                data_class=summary_pb2.DATA_CLASS_SCALAR,
            )
            for tag, number in (("accuracy", np.float32(value)), ("loss", np.float64(1 - value))):
                tensor = tensor_util.make_tensor_proto(number)
                one = summary_pb2.Summary.Value(tag=tag, tensor=tensor, metadata=metadata)
                target.add_event(event_pb2.Event(step=step, wall_time=0, summary=summary_pb2.Summary(value=[one])))
        target.close()
