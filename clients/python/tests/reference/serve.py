run = function.run(
    action='serve',
    replicas=2,
    service_ports=[{"port": 8080, "targetPort": 8080}],
    service_type='NodePort'
)
