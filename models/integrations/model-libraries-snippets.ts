export const mnist1d_hf = (model: ModelData): string[] => {
	const evaluation = `# pip install "mnist1d-hf[torch,onnx]"
from mnist1d_hf.baselines import evaluate, load_onnx, load_tensors

model = load_onnx("${model.id}")
# The rows of its task: those of default, shuffled or custom-noise.
print(evaluate(model, load_tensors("default", "test")))`;
	if (model.tags.includes("mnist1d-benchmark")) {
		return [evaluation];
	}
	return [
		`# pip install "mnist1d-hf[torch]"
from mnist1d_hf import evaluate, load_dataset, load_model

model = load_model("${model.id}")
print(evaluate(model, load_dataset(split="test")))`,
		evaluation,
	];
};
