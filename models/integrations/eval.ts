	"mnist1d-hf": {
		name: "mnist1d-hf",
		description:
			"MNIST-1D classifies signals of 40 points, in seconds on a CPU: models of any architecture are compared by one protocol, on the rows of the paper and on tasks that still tell models apart.",
		url: "https://github.com/mnist1d-hf/mnist1d-hf",
	},
