"""What goes wrong, as the user reads it: the texts of errors and notes, by subject, and one name to use them by."""

from kubectl_mc.messages.access_texts import *
from kubectl_mc.messages.causes import *
from kubectl_mc.messages.change_texts import *
from kubectl_mc.messages.fleet_texts import *
from kubectl_mc.messages.setup_texts import *
from kubectl_mc.messages.words import *
