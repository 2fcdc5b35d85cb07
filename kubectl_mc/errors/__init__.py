"""What goes wrong, as the user reads it: the texts of errors and notes, by subject, and one name to use them by."""

from kubectl_mc.errors.access import *
from kubectl_mc.errors.causes import *
from kubectl_mc.errors.changes import *
from kubectl_mc.errors.fleet import *
from kubectl_mc.errors.setup import *
from kubectl_mc.errors.words import *
