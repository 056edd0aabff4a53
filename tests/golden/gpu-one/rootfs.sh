# SPDX-License-Identifier: Apache-2.0
# Looks like Debian: libraries belong below /usr/lib/<triplet>.
mkdir etc
echo 12.8 >etc/debian_version
