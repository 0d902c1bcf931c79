	"mnist1d-hf": {
		prettyLabel: "MNIST-1D",
		repoName: "mnist1d-hf",
		repoUrl: "https://github.com/mnist1d-hf/mnist1d-hf",
		docsUrl: "https://github.com/mnist1d-hf/mnist1d-hf#readme",
		snippets: snippets.mnist1d_hf,
		filter: false,
		countDownloads: `path:"config.json" OR path:"onnx/model.onnx"`,
	},
