"""The texts of errors and notes that the user reads, by subject, joined under one name."""

from kubectl_mc.messages.access_texts import *
from kubectl_mc.messages.causes import *
from kubectl_mc.messages.change_texts import *
from kubectl_mc.messages.command_line_texts import *
from kubectl_mc.messages.failure_texts import *
from kubectl_mc.messages.fleet_texts import *
from kubectl_mc.messages.member_texts import *
from kubectl_mc.messages.resume_texts import *
from kubectl_mc.messages.setup_texts import *
from kubectl_mc.messages.words import *
