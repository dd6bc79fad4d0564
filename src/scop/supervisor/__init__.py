"""The supervisor: reads the configuration, starts and watches the cells, and holds no mail.

It is the only process that sees the whole: it binds the listeners, makes the mesh's CA anew at
each start and hands each cell what it needs on a control socket. It knows that a cell is ready
because the cell says so, restarts a dead one with back-off, and drains the mesh on SIGTERM.
"""
