-- SPDX-License-Identifier: Apache-2.0
-- What a scheduled execution begins has its slot, and the day that the clocks of the schedule show then.

ALTER TABLE executions ADD COLUMN slot_day BIGINT; -- days since 1970
