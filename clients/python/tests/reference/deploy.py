run = function.run(
    action='deploy',
    replicas=3,
    envs=[{"name": "ENV", "value": "prod"}],
    volumes=[{"name": "data", "mountPath": "/data"}]
)
