"""What a person is here. What each role may do stands with the routes."""

from enum import StrEnum


class Role(StrEnum):
    """秩序维护员, 工程师, 项目经理, 系统管理员, 审计员."""

    GUARD = "guard"
    ENGINEER = "engineer"
    MANAGER = "manager"
    ADMIN = "admin"
    AUDITOR = "auditor"
