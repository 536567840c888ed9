run = function.run(
    action='job',
    instructions=["apt install git -y"],
)
