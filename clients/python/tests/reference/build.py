run = function.run(
    action='build',
    base_image='python:3.11-slim',
    instructions=["apt-get update && apt-get install -y git"],
    image='myrepo/myapp:0.1.0'
)
