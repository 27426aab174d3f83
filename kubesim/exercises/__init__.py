"""Exercises and clinic cases: broken clusters that check themselves by outcome.

One format (:mod:`~kubesim.exercises.files`), one loader and one runner (:mod:`~kubesim.exercises.exercise`) for both.
An exercise belongs to a chapter. A case of the clinic tells its symptom as a session, has a level and a debrief, and is
drawn anew for each learner. Notebooks and the command ``kubesim clinic`` show the same objects.
"""
