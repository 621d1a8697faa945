"""The compiled campaign cache: index, delivery state, their files, and the keeper of the newest."""
